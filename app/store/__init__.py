"""Where operations and their audit are kept: connection, migrations, transactions."""
