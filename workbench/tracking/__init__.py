"""Views of finished trials in an experiment tracker."""
