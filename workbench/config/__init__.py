"""What a run is: frozen, validated values. No torch below this line."""
