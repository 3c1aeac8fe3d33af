"""Who really sent it: SPF, the authenticated domain, and what others' Authentication-Results say."""
