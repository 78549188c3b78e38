"""What runs inside the job. Imports nothing of the other rooms."""
