"""Which schedules are the quickest on the CPU at hand, found by trying them."""
