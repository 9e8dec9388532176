#!/usr/bin/env python
"""Run Django's commands; `./dev <command>` starts the services around it."""

import os
import sys

from django.core.management import execute_from_command_line

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "cmp.settings")
    execute_from_command_line(sys.argv)
