"""What officers do that is more than an entry about one case: requests for a second officer, lists and searches.

requests   what one officer asked for, as the chain has it
entering   their entries, and those of judgements that two officers made
agreement  asking, answering, and doing what was agreed on
rotation   a change of the signing key
searches   lists and searches as entries
"""
