package org.alexnet.cuda.library.load;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.alexnet.cuda.library.file.CudaLibrary;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The list of functions against the backend that calls them and against JCuda. */
class RequiredSymbolsTest {
  private static final Map<String, CudaLibrary> CLASSES =
      Map.of(
          "jcuda.driver.JCudaDriver", CudaLibrary.DRIVER,
          "jcuda.jcublas.JCublas2", CudaLibrary.CUBLAS,
          "jcuda.jcudnn.JCudnn", CudaLibrary.CUDNN);

  /** Methods of JCuda that are its own and call no function of CUDA's. */
  private static final Pattern OWN = Pattern.compile("set(ExceptionsEnabled|LogLevel)|initialize");

  /** Functions whose name in the library is another, apart from the ending _v2. */
  private static final Map<String, String> RENAMED =
      Map.of(
          "cuGraphInstantiate", "cuGraphInstantiateWithFlags", "cublasGemmEx_new", "cublasGemmEx");

  @Test
  void everyFunctionThatIsCalledIsLookedUp() {
    Set<String> absent = new TreeSet<>();
    int calls = 0;
    for (JavaClass type :
        new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("org.alexnet.cuda")) {
      for (JavaMethodCall call : type.getMethodCallsFromSelf()) {
        CudaLibrary kind = CLASSES.get(call.getTargetOwner().getName());
        String name = RENAMED.getOrDefault(call.getName(), call.getName());
        if (kind == null || OWN.matcher(name).matches()) {
          continue;
        }
        calls++;
        if (!RequiredSymbols.of(kind).contains(name)
            && !RequiredSymbols.of(kind).contains(name + "_v2")) {
          absent.add(name);
        }
      }
    }
    assertTrue(calls > 20, calls + " calls");
    assertEquals(Set.of(), absent);
  }

  @ParameterizedTest
  @EnumSource(
      value = CudaLibrary.class,
      names = {"DRIVER", "CUBLAS", "CUDNN"})
  void whatIsLookedUpIsWhatJCudaCalls(CudaLibrary kind) {
    String library =
        kind == CudaLibrary.DRIVER
            ? "JCudaDriver"
            : kind == CudaLibrary.CUBLAS ? "JCublas2" : "JCudnn";
    String all = new String(JCudaNatives.content(library, 12), StandardCharsets.ISO_8859_1);
    for (String symbol : RequiredSymbols.of(kind)) {
      assertTrue(all.contains("\0" + symbol + "\0"), symbol);
    }
  }
}
