package org.alexnet.cuda;

import java.util.Optional;
import org.junit.jupiter.api.Tag;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.engine.TestTag;
import org.junit.platform.launcher.TestExecutionListener;
import org.junit.platform.launcher.TestIdentifier;
import org.junit.platform.launcher.TestPlan;

/** Says at the end how many tests ran on the stand-in for a GPU: those of classes tagged so. */
public final class StandInCount implements TestExecutionListener {
  /** What a class is tagged with, see {@link Tag}. */
  public static final String STAND_IN = "stand-in";

  private TestPlan plan;
  private int passed;
  private int failed;
  private int skipped;

  @Override
  public void testPlanExecutionStarted(TestPlan started) {
    plan = started;
  }

  private boolean counts(TestIdentifier test) {
    Optional<TestIdentifier> at = Optional.of(test);
    while (at.isPresent() && !at.get().getTags().contains(TestTag.create(STAND_IN))) {
      at = plan.getParent(at.get());
    }
    return at.isPresent();
  }

  @Override
  public void executionSkipped(TestIdentifier test, String reason) {
    skipped += counts(test) ? 1 : 0;
  }

  @Override
  public void executionFinished(TestIdentifier test, TestExecutionResult result) {
    if (!test.isTest() || !counts(test)) {
      return;
    }
    switch (result.getStatus()) {
      case SUCCESSFUL -> passed++;
      case FAILED -> failed++;
      case ABORTED -> skipped++;
    }
  }

  @Override
  public void testPlanExecutionFinished(TestPlan finished) {
    if (passed + failed + skipped > 0) {
      System.out.printf(
          "On %s: %d tests passed, %d failed, %d were skipped%n",
          StandInBackend.GPU ? "the GPU" : "the stand-in for a GPU", passed, failed, skipped);
    }
  }
}
