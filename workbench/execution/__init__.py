"""Plans of trials and what runs them: processes of this machine, or Ray Tune."""
