package org.alexnet;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;

/**
 * A test that takes too long for every build: {@code mvn -Plong verify} runs it. What it proves of
 * large networks or many steps, another test of every build proves of small ones or few.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
@EnabledIfSystemProperty(
    named = "alexnet.long",
    matches = "true",
    disabledReason = "too long for every build: mvn -Plong verify runs it")
public @interface LongTest {
  /** Whether such tests run, for one that has fewer cases or steps where they do not. */
  boolean RUN = Boolean.getBoolean("alexnet.long");
}
