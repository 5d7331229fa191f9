"""The commands of `rivo-helpdesk` that look at the database."""
