"""What ended a job: root cause, rank, echoes; kinds as data files with samples."""
