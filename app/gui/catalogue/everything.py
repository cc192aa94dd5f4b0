"""All groups of actions, each given the parts of the frame that it is about."""

from __future__ import annotations

from typing import TYPE_CHECKING

from app.gui.catalogue.calibration import add_calibration
from app.gui.catalogue.episodes import add_episodes
from app.gui.catalogue.evaluation import add_evaluation
from app.gui.catalogue.feet import add_feet
from app.gui.catalogue.labels import add_labels
from app.gui.catalogue.moving import add_moving
from app.gui.catalogue.preferences import add_preferences
from app.gui.catalogue.recording import add_recording
from app.gui.catalogue.review import add_review
from app.gui.catalogue.reviewers import add_reviewers, add_words
from app.gui.catalogue.robot import add_robot
from app.gui.catalogue.simulation import add_simulation
from app.gui.catalogue.telling import add_policy_modes, add_subtasks, add_voice
from app.gui.catalogue.window import WindowHandles, add_curves, add_pages, add_window
from app.gui.session_protocol import SessionLike

if TYPE_CHECKING:
    from app.gui.frame import Frame


def add_everything(frame: Frame, session: SessionLike, handles: WindowHandles) -> None:
    """Register every action of the window.

    Args:
        frame: whose parts they are about.
        session: does what concerns the robot.
        handles: what the frame lends to the actions of the window itself.
    """
    actions, now, told = frame.actions_registry, frame.now, frame.told
    add_moving(actions, session, now, frame.driving, chosen=told.policies.forget)
    add_policy_modes(actions, told.policies, now)
    add_feet(actions, session.profile, now)
    add_recording(
        actions,
        frame.collecting,
        commit=frame.commit_text,
        edit_task=frame.task.setFocus,
        edit_plan=frame.plan_panel.toggle,
        edit_scene=lambda: frame.plan_panel.open_at("scene"),
    )
    add_voice(
        actions,
        told.voicing,
        told.telling,
        type_line=lambda: frame.drive_page.told_tray.line.begin(),
        amend=frame.drive_page.amend,
    )
    add_subtasks(actions, told.telling, choose=lambda number: frame.drive_page.told_tray.choose(number))
    add_simulation(actions, session, now, frame.drive_page.scripts, shows=frame.collecting.suggest_task)
    add_episodes(
        actions,
        session,
        now,
        frame.episodes_page,
        frame.changes,
        go_to=frame.go_to,
        open_episode=frame.open_episode,
        tell=lambda words: frame.toast.flash(words),
        undo_newer=frame.review_page.undo_newer,
        labels_undoable=lambda: bool(frame.review_page.labelling.desk.undoable),
    )
    add_robot(actions, session, now, frame.robot_page, go_to=frame.go_to)
    add_calibration(actions, frame.calibration)
    add_evaluation(actions, frame.evaluation_page)
    add_review(
        actions,
        session,
        now,
        frame.review_page,
        frame.changes,
        go_to=frame.go_to,
        show_in_list=frame.show_in_list,
    )
    add_labels(actions, frame.review_page)
    add_reviewers(actions, frame.review_page)
    add_words(actions, frame.review_page)
    add_preferences(actions, frame.settings_page, now, restart=frame.restart_wanted.emit)
    add_pages(actions, frame.pages.values(), go_to=frame.go_to)
    add_window(actions, handles)
    add_curves(
        actions,
        fold=frame.drive_page.fold_curves,
        watch_next=frame.drive_page.watch_next,
        shown=frame.drive_page.curves.isVisible,
    )
