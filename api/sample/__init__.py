"""The sample district 示范区: invented data shaped like what departments send, so that the house can be tried without
any real file.

Everything here is made from word lists and a seed. Organisation codes use body series that are not handed out,
persons were born before 1900, authorities carry the name 示范区. Nothing in here reads or resembles a row of a
real file.
"""
