"""Watch: what changed since: subjects looked at again and again, their own history, one alert per transition."""
