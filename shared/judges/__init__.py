"""Does a reply refuse? String rules, classifiers and language models behind one interface.

`opening` opens a judge by name; `calibration` holds judges against labels.
"""
