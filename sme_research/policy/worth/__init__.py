"""What an added yuan, job or promotion cost, and how much of the growth would have come anyway, with intervals."""
