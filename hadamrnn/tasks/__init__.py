"""The tasks that networks learn; each is described by its settings and delivers batches.

>>> from dataclasses import asdict
>>> task = CopyTask(length=100, seed=0)
>>> TASKS[task.name](**asdict(task)) == task
True
"""

from hadamrnn.tasks.activity import ActivityTask
from hadamrnn.tasks.arrays import ArrayTask
from hadamrnn.tasks.base import Batch, Defaults, Task
from hadamrnn.tasks.characters import TextTask
from hadamrnn.tasks.images import ImageTask
from hadamrnn.tasks.sentences import ReviewTask, SentimentTask
from hadamrnn.tasks.synthetic import AddingTask, CopyTask

__all__ = [
    "TASKS",
    "ActivityTask",
    "AddingTask",
    "ArrayTask",
    "Batch",
    "CopyTask",
    "Defaults",
    "ImageTask",
    "ReviewTask",
    "SentimentTask",
    "Task",
    "TextTask",
]

#: The tasks by name; an ArrayTask has none of the words that commands take.
TASKS: dict[str, type[Task]] = {
    task.name: task for task in (CopyTask, AddingTask, ImageTask, SentimentTask, ReviewTask, TextTask, ActivityTask)
}
