"""How much of its machine a kernel uses: threads, elements a thread, tiles.

A schedule is chosen before a kernel is written and says every size in it. It holds
numbers only, so that it can be printed, compared, and chosen by a cost model.
"""
