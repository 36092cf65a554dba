"""What a city is made of: places, organisation, people, roads, calendar. Plain data and pure look-ups."""
