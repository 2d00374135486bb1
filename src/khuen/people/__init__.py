"""The person in care: name, birth, home, how to reach them. Entered by whoever enrols, searches or corrects.

Number, phone and house are sealed under the person's own key; names stay plain, with a key to sort and one to search.
"""
