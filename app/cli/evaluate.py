"""`understudy evaluate`: seeded trials of tasks under several high levels, and a table with intervals."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.cli import options, table
from app.cli.outcome import CommandError, ExitCode, UsageError, text_stream, write_json
from app.cli.policy_options import add_policy, policy_choice

if TYPE_CHECKING:
    from app.evaluation.plan import Plan
    from app.evaluation.store import Store

VARIANTS = ("hierarchical", "implicit", "human", "remote")
"""`app.evaluation.plan.VariantName`; a test holds the two equal."""
TIME_LIMIT_S = 120.0


def add_parser(commands: argparse._SubParsersAction[Any]) -> None:
    """Add the command."""
    parser = commands.add_parser(
        "evaluate",
        help="try tasks many times under several high levels, and compare",
        description="Do seeded trials of tasks under the chosen variants of the high level, in an order that is fixed"
        " by the plan, judge each by the simulated world's own check or by hand, and print success rates with 95 %"
        " intervals. What is done is kept trial by trial; an evaluation that was ended or has crashed is resumed.",
        epilog="variants:\n"
        "  hierarchical   the policy names its own subtasks\n"
        "  implicit       the task goes straight to the low level\n"
        "  human          an expert names them (in the window: Evaluation page)\n"
        "  remote         a vision-language model behind --remote-address names them\n\n"
        "exit code 1: it could not be finished, or the rig spoiled a trial for good\n\n"
        "examples:\n"
        '  understudy evaluate --task "open the drawer" --variant hierarchical --variant implicit --seeds 20\n'
        '  understudy evaluate --task "tidy up" --policy checkpoint --source ~/checkpoints/kitchen --by-hand\n'
        "  understudy evaluate --resume last\n"
        "  understudy evaluate --list\n"
        "  understudy evaluate --show last --json figures.json --csv trials.csv\n",
        formatter_class=options.HelpFormatter,
    )
    parser.add_argument("--task", action="append", metavar="TEXT", help="what is tried; may be repeated")
    parser.add_argument(
        "--variant", action="append", choices=VARIANTS, help="may be repeated (default: hierarchical)"
    )
    parser.add_argument(
        "--seeds", type=options.at_least_one, metavar="N", help="kitchens for each (default: 10)"
    )
    parser.add_argument("--first-seed", type=int, metavar="N", help="seed of the first kitchen (default: 0)")
    parser.add_argument(
        "--time-limit",
        type=options.positive_seconds,
        metavar="S",
        help=f"a trial has failed after this long (default: {TIME_LIMIT_S:g})",
    )
    parser.add_argument(
        "--by-hand", action="store_true", default=None, help="a person judges, blind to the variant"
    )
    parser.add_argument(
        "--order-seed", type=int, metavar="N", help="what the order of trials is drawn from (default: 0)"
    )
    parser.add_argument("--speed", type=float, metavar="SHARE", help="of the speed limits (default: 1)")
    parser.add_argument("--label", default="", metavar="TEXT", help="kept with it, to know it by")
    parser.add_argument(
        "--resume", metavar="ID", help="do the missing trials of an evaluation; `last` is one"
    )
    parser.add_argument("--list", action="store_true", help="list the evaluations, and do nothing")
    parser.add_argument("--show", metavar="ID", help="print an evaluation's table, and do nothing")
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write one line a trial")
    options.add_json(parser, what="plan, rates, differences and every trial")
    add_policy(parser)
    options.add_profile(parser)
    options.add_data(parser)
    options.add_session(parser)
    parser.set_defaults(run=run, operator="")


def run(args: argparse.Namespace) -> int:
    """List, show, begin or resume."""
    if sum(map(bool, (args.list, args.show, args.resume))) > 1:
        raise UsageError("--list, --show and --resume are three different things; give one of them")
    if args.list:
        return list_all(args)
    from app.evaluation.store import Store, find

    if args.show:
        store = Store.read(find(options.data_dir(args), args.show))
        return show(args, store)
    store = open_store(args)
    try:
        evaluate(args, store)
    except KeyboardInterrupt:
        print(f"\nended; go on with: understudy evaluate --resume {store.evaluation_id}", file=sys.stderr)
        show(args, store)
        raise
    finally:
        store.close()
    return show(args, store)


def open_store(args: argparse.Namespace) -> Store:
    """The evaluation that was asked for: a new one, or one that is resumed, held for this process.

    Raises:
        UsageError: when the command line does not say what to try.
    """
    from app.evaluation.store import Store, find

    data_dir = options.data_dir(args)
    if args.resume:
        kept = Store.read(find(data_dir, args.resume)).plan
        return Store.resume(data_dir, args.resume, plan=changed(args, kept))
    if not args.task:
        raise UsageError(
            'what is to be tried? Say it, as in --task "open the drawer"; or --resume, --list, --show'
        )
    return Store.begin(data_dir, new_plan(args), label=args.label)


def new_plan(args: argparse.Namespace) -> Plan:
    """The plan that the command line asks for.

    Raises:
        PlanError: when it cannot be carried out on this robot.
        UsageError: when it needs a person at the window.
    """
    from app.evaluation.plan import Judge, VariantName, make_plan
    from app.evaluation.tasks import check_of
    from drivers.profile import load_profile

    variants = args.variant or ["hierarchical"]
    if "human" in variants:
        raise UsageError(
            "the human variant needs an expert at the keys; run it on the Evaluation page of the window: understudy"
        )
    first = args.first_seed or 0
    plan = make_plan(
        profile=options.profile(args),
        tasks=args.task,
        variants=[VariantName(name) for name in variants],
        choice=policy_choice(args),
        seeds=range(first, first + (args.seeds or 10)),
        time_limit_s=args.time_limit or TIME_LIMIT_S,
        judge=Judge.PERSON if args.by_hand else Judge.WORLD,
        order_seed=args.order_seed or 0,
        speed=1.0 if args.speed is None else args.speed,
    )
    robot = load_profile(plan.profile)
    if plan.judge is Judge.WORLD:
        if robot.simulation is None:
            raise UsageError(f"{robot.name} is a real robot, and no world judges there; add --by-hand")
        for task in plan.tasks:
            check_of(robot, task)
    return plan


def changed(args: argparse.Namespace, kept: Plan) -> Plan:
    """The kept plan with what the command line says beside `--resume`, so that another wish is noticed and refused."""
    import msgspec

    from app.autonomy.choice import PolicyChoice, PolicyKind
    from app.evaluation.plan import HIGH_LEVELS, Judge, Variant, VariantName

    first = kept.seeds[0] if args.first_seed is None else args.first_seed
    count = len(kept.seeds) if args.seeds is None else args.seeds
    variants = kept.variants
    choice = policy_choice(args)
    if choice != PolicyChoice(kind=PolicyKind.SCRIPTED) or args.variant:
        if choice == PolicyChoice(kind=PolicyKind.SCRIPTED):
            choice = variants[0].choice
        names = [VariantName(name) for name in args.variant or []] or [variant.name for variant in variants]
        variants = tuple(
            Variant(name=name, choice=msgspec.structs.replace(choice, high_level=HIGH_LEVELS[name]))
            for name in names
        )
    return msgspec.structs.replace(
        kept,
        profile=kept.profile if args.profile is None else args.profile,
        tasks=tuple(" ".join(task.split()) for task in args.task) if args.task else kept.tasks,
        variants=variants,
        seeds=tuple(range(first, first + count)),
        time_limit_s=args.time_limit or kept.time_limit_s,
        judge=Judge.PERSON if args.by_hand else kept.judge,
        order_seed=kept.order_seed if args.order_seed is None else args.order_seed,
        speed=kept.speed if args.speed is None else args.speed,
    )


def evaluate(args: argparse.Namespace, store: Store) -> None:
    """Do what is missing, in a session without a window.

    Raises:
        CommandError: when it cannot go on.
    """
    for line in store.told:
        print(line, file=sys.stderr)
    if store.complete:
        return
    from app.cli.headless import session_of
    from app.cli.trials import end, watch
    from app.evaluation.evaluator import Evaluator
    from app.evaluation.rig import SimWorld

    args = argparse.Namespace(**(vars(args) | {"profile": store.plan.profile}))
    print(f"evaluation {store.evaluation_id}: {len(store.missing)} trials to do", file=sys.stderr)
    with session_of(args, seed=store.plan.seeds[0]) as headless:
        session = headless.session
        simulated = session.profile.simulation is not None
        evaluator = Evaluator(
            session, store, world=(lambda: SimWorld(session.runtime_dir)) if simulated else None
        )
        evaluator.start()
        try:
            watch(session, evaluator, always_progress=args.progress)
        finally:
            end(session, evaluator)
        view = evaluator.view
        if view.error:
            raise CommandError(
                f"{view.error}; when that is mended, go on with: understudy evaluate --resume {store.evaluation_id}"
            )


def show(args: argparse.Namespace, store: Store) -> int:
    """Print an evaluation's tables, write what was asked for, and return the exit code."""
    from app.evaluation import report
    from app.evaluation.evaluator import view_of
    from app.evaluation.results import Outcome
    from app.evaluation.view import State

    text = text_stream(args.json)
    view = view_of(store, State.ENDED)
    for line in store.told:
        print(line, file=sys.stderr)
    print(f"evaluation {store.evaluation_id}: {view.done} of {view.planned} trials", file=text)
    if view.summary is None:
        print("the variants are hidden until every trial is judged", file=text)
        if args.json is not None or args.csv is not None:
            raise CommandError(
                f"the variants are hidden until every trial is judged: nothing is written; understudy evaluate --resume"
                f" {store.evaluation_id}"
            )
        return ExitCode.PROBLEMS
    summary = view.summary
    print(f"\nsuccess\n{table.columns(*report.success_table(summary))}", file=text)
    if (progress := report.progress_table(summary)) is not None:
        print(f"\nprogress: share of each task's parts\n{table.columns(*progress)}", file=text)
    if lines := report.notes(summary):
        print("\n" + "\n".join(lines), file=text)
    if args.csv is not None:
        write_text(args.csv, report.as_csv(store.attempts))
    if args.json is not None:
        write_json(args.json, report.as_json(store.evaluation_id, store.plan, summary, store.attempts))
    spoiled = any(result.outcome is Outcome.SPOILED for result in store.results)
    return ExitCode.OK if store.complete and not spoiled else ExitCode.PROBLEMS


def list_all(args: argparse.Namespace) -> int:
    """Print every evaluation, newest last."""
    from app.evaluation.kept import StoreError
    from app.evaluation.plan import trials_of
    from app.evaluation.store import Store, list_paths

    rows = []
    for path in list_paths(options.data_dir(args)):
        try:
            store = Store.read(path)
        except StoreError as error:
            rows.append((path.name, "damaged", "", str(error), ""))
            continue
        rows.append(
            (
                store.evaluation_id,
                f"{len(store.results)} of {len(trials_of(store.plan))}",
                ", ".join(variant.name.value for variant in store.plan.variants),
                table.clipped(", ".join(store.plan.tasks), 50),
                store.kept.label,
            )
        )
    text = text_stream(args.json)
    if not rows:
        print('none yet; begin one: understudy evaluate --task "open the drawer"', file=text)
    else:
        print(table.columns(("evaluation", "trials", "variants", "tasks", "label"), rows), file=text)
    if args.json is not None:
        write_json(args.json, [{"evaluation": row[0], "trials": row[1], "variants": row[2]} for row in rows])
    return ExitCode.OK


def write_text(path: Path, text: str) -> None:
    """Write a file.

    Raises:
        CommandError: when it cannot be written.
    """
    try:
        path.write_text(text)
    except OSError as error:
        raise CommandError(f"cannot write {path}: {error.strerror}; choose another file") from error
