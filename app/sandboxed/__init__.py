"""What `--sandbox` has besides: demo shops, their announcements, and pages to play with them."""
