"""Seeds x images to intervals. numpy and scipy only."""
