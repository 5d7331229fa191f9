"""How Zendesk is installed and told: the app's package, its rules, its REST API."""
