"""The life of a case: what each verb demands and what it makes happen, one module for each group of verbs."""
