"""Which place decides an option of a task, and what is refused when it is applied."""

import tomllib
from dataclasses import replace
from typing import Any

import pytest

from jvscheduler import on_schedule
from jvscheduler.configuration.layers import layers_of, places_of
from jvscheduler.configuration.model import Configuration
from jvscheduler.configuration.tasks import configured, values_of
from jvscheduler.decorators import task_of
from jvscheduler.errors import InvalidSettings
from jvscheduler.tasks import Task


def key(*parts: str) -> str:
    return ".".join(parts)


def layers(text: str, environment: str | None = None) -> Any:
    configuration = Configuration.model_validate(tomllib.loads(text))
    return layers_of(places_of(configuration, environment), key)


def task(**options: Any) -> Task:
    def clean_up(days: int = 7) -> None: ...

    clean_up.__qualname__ = clean_up.__name__
    on_schedule("hourly", task_id="shop.clean_up", **options)(clean_up)
    found = task_of(clean_up)
    assert found is not None
    return found


def test_the_decorator_comes_before_the_defaults() -> None:
    defaults = """
    defaults.retry_count = 1
    environments.prod.defaults.retry_count = 2
    """
    assert configured(task(), layers(defaults)).retry_count == 1
    assert configured(task(), layers(defaults, "prod")).retry_count == 2
    assert configured(task(retry_count=3), layers(defaults, "prod")).retry_count == 3


def test_a_decorator_may_state_the_built_in_default() -> None:
    assert configured(task(retry_count=0), layers("defaults.retry_count = 1")).retry_count == 0


TABLES = (
    'tasks."shop.*".retry_count = 4',
    'tasks."*_up".retry_count = 5',
    'tasks."shop.clean_up".retry_count = 6',
    'environments.prod.tasks."*".retry_count = 7',
    'environments.prod.tasks."shop.clean_up".retry_count = 8',
)
"""From the weakest to the strongest."""


@pytest.mark.parametrize("count", range(1, len(TABLES) + 1))
def test_the_strongest_table_comes_before_the_decorator(count: int) -> None:
    # The id is first in the file, and stronger than the patterns after it all the same.
    chosen = sorted(TABLES[:count], key=lambda line: "clean_up" not in line)
    environment = "prod" if count > 3 else None
    decided = configured(task(retry_count=3), layers("\n".join(chosen), environment))
    assert decided.retry_count == count + 3


def test_an_environment_that_is_not_chosen_decides_nothing() -> None:
    assert configured(task(), layers("\n".join(TABLES))).retry_count == 6


def test_a_table_may_set_the_schedule() -> None:
    text = """
    [tasks."shop.clean_up"]
    schedule = "daily at 03:00"
    time_zone = "Europe/Berlin"
    dst = "once"
    enabled = false
    """
    changed = configured(task(), layers(text))
    own = changed.schedule
    assert (own.text, own.time_zone, own.dst) == ("daily at 03:00", "Europe/Berlin", "once")
    assert own.seed == "shop.clean_up"
    assert not changed.enabled


def test_tables_of_an_option_are_merged_and_lists_are_replaced() -> None:
    text = """
    tasks."shop.*".args = { days = 5, rest = { a = 1, b = [1] } }
    tasks."shop.clean_up".args.rest.b = [2]
    """
    merged = layers(text).of("shop.clean_up", {"args": {"days": 3, "to": "bob"}})["args"]
    assert merged.value == {"days": 5, "to": "bob", "rest": {"a": 1, "b": [2]}}
    assert merged.origins == ("decorator", "tasks.shop.*", "tasks.shop.clean_up")


def test_a_task_without_a_table_is_the_same_object() -> None:
    own = task()
    assert configured(own, layers('tasks."bakery.*".retry_count = 2')) is own


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("retry_count = 1000", "retry_count must be a whole number from 0 to 100"),
        ("schedule = 'dayly'", "dayly"),
        ("time_zone = 'Nowhere/Atlantis'", "Nowhere/Atlantis"),
        ("args.dasy = 3", "dasy"),
        ("args.days = 'many'", "args.days: must be a whole number"),
    ],
)
def test_a_value_is_checked_as_the_decorator_checks_it(line: str, words: str) -> None:
    # The discovery has read it from the types of the function's parameters.
    schema = {"properties": {"days": {"type": "integer"}}, "additionalProperties": False}
    with pytest.raises(InvalidSettings) as caught:
        configured(replace(task(), args_schema=schema), layers(f"tasks.'shop.clean_up'.{line}"))
    assert str(caught.value).startswith("shop.clean_up: ")
    assert words in str(caught.value)
    assert "(said in tasks.shop.clean_up)" in str(caught.value)


def test_a_table_that_no_task_has_is_refused() -> None:
    with pytest.raises(InvalidSettings, match=r"tasks.shop.clean_ip matches no task: did you mean"):
        layers('tasks."shop.clean_ip".enabled = false').check_matches(["shop.clean_up"])
    layers('tasks."shop.*".enabled = false').check_matches(["shop.clean_up"])


def test_every_value_says_where_it_comes_from() -> None:
    text = """
    defaults.timeout_seconds = 60
    tasks."shop.*".retry_count = 4
    """
    values = values_of(task(retry_count=1, description="Tidies"), layers(text))
    assert {name: (own.value, *own.origins) for name, own in values.items()}.items() >= {
        "schedule": ("hourly", "decorator"),
        "timeout_seconds": (60, "defaults"),
        "retry_count": (4, "tasks.shop.*"),
        "description": ("Tidies", "decorator"),
        "max_concurrent": (1, "built in"),
    }.items()


def test_a_pod_is_merged_part_by_part() -> None:
    text = """
    defaults.pod = { memory = "128Mi", volumes."/srv".claim = "data", env = { A = "1", B = "1" } }
    tasks."shop.*".pod = { cpu = "500m", env = { B = "3", C = "3" } }
    tasks."*".pod.volumes."/tmp".empty_dir = "1Gi"
    """
    own = {"env": {"B": "2"}, "volumes": {"/srv": {"config_map": "shop"}}}
    template = configured(task(pod=own), layers(text)).template
    assert template is not None
    (container,) = template["spec"]["containers"]
    assert container["resources"]["limits"] == {"memory": "128Mi", "cpu": "500m"}
    assert {v["name"]: v["value"] for v in container["env"]} == {"A": "1", "B": "3", "C": "3"}
    mounts = {mount["name"]: mount["mountPath"] for mount in container["volumeMounts"]}
    volumes = {mounts[volume["name"]]: volume for volume in template["spec"]["volumes"]}
    assert volumes["/srv"]["configMap"] == {"name": "shop"}
    assert volumes["/tmp"]["emptyDir"] == {"sizeLimit": "1Gi"}


def test_pods_keep_what_two_of_their_keys_say_in_one_list() -> None:
    shared = layers('defaults.pod = { config_maps = ["shop"], secrets = ["all"] }')
    both = configured(task(pod={"secrets": ["mailer"]}), shared).template
    assert both is not None
    (container,) = both["spec"]["containers"]
    assert container["envFrom"] == [
        {"configMapRef": {"name": "shop"}},
        {"secretRef": {"name": "mailer"}},
    ]


def test_an_empty_list_takes_away_what_a_default_says() -> None:
    assert (
        configured(task(pod={"secrets": []}), layers('defaults.pod.secrets = ["all"]')).template
        is None
    )


def test_a_variable_stays_behind_those_that_it_uses() -> None:
    own = {"env": {"HOST": "h", "URL": "http://$(HOST)"}}
    template = configured(
        task(pod=own), layers('defaults.pod.env = { URL = "x", A = "1" }')
    ).template
    assert template is not None
    (container,) = template["spec"]["containers"]
    assert [each["name"] for each in container["env"]] == ["A", "HOST", "URL"]


def test_a_container_of_a_template_is_completed_by_its_name() -> None:
    own = {"spec": {"initContainers": [{"name": "migrate", "image": "shop:1"}]}}
    text = """
    [[tasks."shop.clean_up".template.spec.initContainers]]
    name = "migrate"
    env = [{ name = "A", value = "1" }]
    """
    template = configured(task(template=own), layers(text)).template
    assert template is not None
    (container,) = template["spec"]["initContainers"]
    assert container == {
        "name": "migrate",
        "image": "shop:1",
        "env": [{"name": "A", "value": "1"}],
    }


def test_args_need_a_parameter_that_is_known() -> None:
    with pytest.raises(InvalidSettings, match="the function has no parameters, or ones whose"):
        configured(task(), layers("tasks.'shop.clean_up'.args.days = 3"))


def test_a_pod_is_shown_as_it_is_merged() -> None:
    values = values_of(task(pod={"cpu": "1"}), layers('defaults.pod.memory = "128Mi"'))
    assert values["pod"].value == {"memory": "128Mi", "cpu": "1"}
    assert values["pod"].origins == ("defaults", "decorator")
    assert values["template"].origins == ("built in",)


def test_a_wrong_pod_names_the_table() -> None:
    with pytest.raises(
        InvalidSettings, match=r"pod\['memory'\] must be a quantity.*\(said in defaults\)"
    ):
        configured(task(), layers('defaults.pod.memory = "lots"'))
