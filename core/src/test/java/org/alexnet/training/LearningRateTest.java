package org.alexnet.training;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import org.alexnet.data.Augmentation;
import org.alexnet.model.Model;
import org.alexnet.model.Models;
import org.alexnet.model.Recipe;
import org.alexnet.model.Schedule;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LearningRateTest {

  @Test
  void aConstantRateStays() {
    LearningRate rate = new LearningRate(new Schedule.Constant(), 0.02f);
    for (int epoch = 0; epoch < 20; epoch++) {
      assertEquals(0.02f, rate.at(epoch, 30));
      rate.judge(1);
    }
  }

  @Test
  void ratesAreWrittenShort() {
    assertEquals("0.0002", LearningRate.text(0.0002f));
    assertEquals("0", LearningRate.text(0));
    assertEquals("1e+30", LearningRate.text(1e30f));
    assertEquals("2.5e-12", LearningRate.text(2.5e-12f));
  }

  @Test
  void fallsAreListedWhereThereAreAny() {
    LearningRate rate = new LearningRate(Schedule.parse("parts:0.5,0.9"), 1);
    assertEquals("parts:0.5,0.9 (falls after epochs 5, 9)", rate.describe(10));
    assertEquals("parts:0.5,0.9 (falls after epoch 1)", rate.describe(2));
    assertEquals("parts:0.5,0.9 (too short a run for the rate to be reduced)", rate.describe(1));
  }

  @Test
  void stepsFallAfterTheirEpochs() {
    LearningRate rate = new LearningRate(Schedule.parse("step:2,5"), 0.5f);
    float[] expected = {0.5f, 0.5f, 0.05f, 0.05f, 0.05f, 0.005f, 0.005f};
    for (int epoch = 0; epoch < expected.length; epoch++) {
      assertEquals(expected[epoch], rate.at(epoch, 30), "epoch " + epoch);
    }
  }

  /** The same parts of a short run and of a long one, and of one that is made longer. */
  @Test
  void partsFallAfterPartsOfTheRun() {
    LearningRate rate = new LearningRate(Schedule.parse("parts:0.5,0.9"), 1);
    assertEquals(1, rate.at(4, 10));
    assertEquals(0.1f, rate.at(5, 10));
    assertEquals(0.1f, rate.at(8, 10));
    assertEquals(0.01f, rate.at(9, 10));
    assertEquals(1, rate.at(9, 40));
    assertEquals(0.1f, rate.at(20, 40));
    assertEquals(0.01f, rate.at(36, 40));
    assertEquals(1, rate.at(0, 1), "a run of one epoch has no room for a fall");
  }

  @Test
  void aRecipeIsStretched() {
    Recipe own = new Recipe(90, 128, 1, 0, 0, new Schedule.Plateau(5), Augmentation.NONE);
    assertEquals(new Schedule.Plateau(5), own.over(90).schedule());
    assertEquals(new Schedule.Plateau(10), own.over(180).schedule());
    assertEquals(new Schedule.Plateau(2), own.over(36).schedule());
    assertEquals(new Schedule.Plateau(2), own.over(1).schedule());
    assertEquals(7, own.over(7).epochs());
    for (Model model : Models.all()) {
      Recipe longer = model.recipe().over(3 * model.recipe().epochs());
      assertFalse(longer.schedule() instanceof Schedule.Step, "not stretched: " + model.name());
      assertEquals(model.recipe(), longer.over(model.recipe().epochs()));
    }
  }

  @Test
  void aPlateauFallsThreeTimesAndNoMore() {
    LearningRate rate = new LearningRate(new Schedule.Plateau(2), 1);
    assertTrue(rate.judge(0.5));
    assertFalse(rate.judge(0.5), "as good is not better");
    assertEquals(1, rate.at(2, 30));
    assertFalse(rate.judge(Double.NaN), "what is no number is not better");
    assertEquals(0.1f, rate.at(3, 30));
    rate.judge(0.6);
    assertTrue(rate.judge(0.4), "a better value ends the wait");
    rate.judge(0.4);
    assertEquals(0.1f, rate.at(6, 30));
    rate.judge(0.4);
    assertEquals(0.01f, rate.at(7, 30));
    for (int i = 0; i < 20; i++) {
      rate.judge(1);
    }
    assertEquals(0.001f, rate.at(28, 30));
  }

  @Test
  void whatAPlateauRemembersIsKept() {
    LearningRate whole = new LearningRate(new Schedule.Plateau(3), 1);
    LearningRate part = new LearningRate(new Schedule.Plateau(3), 1);
    for (double value : new double[] {0.7, 0.8, 0.3, 0.31, 0.3, 0.9, 0.29, 0.5, 0.5, 0.5}) {
      ObjectNode state = JsonNodeFactory.instance.objectNode();
      part.save(state);
      part = new LearningRate(new Schedule.Plateau(3), 1);
      part.restore(state);
      assertEquals(whole.judge(value), part.judge(value));
      assertEquals(whole.at(0, 30), part.at(0, 30));
    }
    assertEquals(0.01f, whole.at(0, 30));
  }

  @Test
  void schedulesAreReadAsTheyArePrinted() {
    for (Schedule schedule :
        List.of(
            new Schedule.Constant(),
            new Schedule.Step(List.of(3, 7)),
            new Schedule.Parts(List.of(0.8, 0.925)),
            new Schedule.Plateau(5),
            new Schedule.Plateau(2))) {
      assertEquals(schedule, Schedule.parse(schedule.toString()));
    }
    assertEquals("plateau", Schedule.parse("plateau").toString());
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "step:",
        "step:3,x",
        "step:5,3",
        "step:0",
        "cosine",
        "plateau:0",
        "plateau:x",
        "parts:",
        "parts:0.5,0.2",
        "parts:1",
        "parts:0",
        "parts:x"
      })
  void otherSchedulesAreRefused(String text) {
    String message =
        assertThrows(IllegalArgumentException.class, () -> Schedule.parse(text)).getMessage();
    assertTrue(message.startsWith("schedule"), message);
  }
}
