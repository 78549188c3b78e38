"""What ended a job: the root cause among its echoes. Each kind is a TOML file with samples in `kinds/`."""
