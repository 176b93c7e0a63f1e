"""How dates are written in each language (FORMAT_MODULE_PATH), by name: ``{{ day|date:"LONG_DATE" }}``.

Beside Django's own names each module has the same ones. The month is always a word, since 3/12 reads differently in
different places. Letters: https://docs.djangoproject.com/en/5.2/ref/templates/builtins/#date
"""
