// SPDX-License-Identifier: Apache-2.0

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassFile.ClassHierarchyResolverOption;
import java.lang.classfile.ClassFile.ConstantPoolSharingOption;
import java.lang.classfile.ClassFile.StackMapsOption;
import java.lang.classfile.ClassFileVersion;
import java.lang.classfile.ClassHierarchyResolver;
import java.lang.classfile.ClassTransform;
import java.lang.classfile.MethodModel;
import java.lang.classfile.MethodTransform;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;

/**
 * Rewrites jars that the JVM's AOT cache leaves out: those that are signed (BouncyCastle), and those with classes of before
 * Java 6 (picocli, Jaxen), which have no stack maps. From the cache a class comes several times as fast as from its jar,
 * where a signature is checked for each. {@code java PlainJars.java JAR...}; the others are not touched. A jar that was
 * rewritten keeps its date, by which the cache knows it again.
 */
final class PlainJars {
  private static final int JAVA_6 = 50;
  private static final int MAJOR = 7;
  private static final String SIGNATURE = "META-INF/[^/]*\\.(SF|RSA|DSA|EC)";

  /** A JDK of Oracle's own takes ciphers from signed jars only. */
  private static final boolean UNSIGNED = !System.getProperty("java.vendor").startsWith("Oracle");

  private PlainJars() {
  }

  public static void main(String[] names) throws IOException {
    for (String name : names) {
      Path file = Path.of(name);
      var date = Files.getLastModifiedTime(file);
      byte[] plain;
      try (var jar = new JarFile(file.toFile(), false)) {
        plain = jar.stream().anyMatch(entry -> isSignature(entry) || isOld(jar, entry)) ? rewritten(jar) : null;
      }
      if (plain != null) {
        Files.write(file, plain);
        Files.setLastModifiedTime(file, date);
      }
    }
  }

  private static boolean isSignature(JarEntry entry) {
    return UNSIGNED && entry.getName().matches(SIGNATURE);
  }

  private static boolean isOld(JarFile jar, JarEntry entry) {
    return entry.getName().endsWith(".class") && bytes(jar, entry)[MAJOR] < JAVA_6;
  }

  private static byte[] bytes(JarFile jar, JarEntry entry) {
    try (var in = jar.getInputStream(entry)) {
      return in.readAllBytes();
    } catch (IOException failure) {
      throw new java.io.UncheckedIOException(failure);
    }
  }

  private static byte[] rewritten(JarFile jar) throws IOException {
    var bytes = new ByteArrayOutputStream();
    try (var out = new JarOutputStream(bytes)) {
      for (JarEntry entry : Collections.list(jar.entries())) {
        if (!isSignature(entry)) {
          var same = new JarEntry(entry.getName());
          same.setLastModifiedTime(entry.getLastModifiedTime());
          out.putNextEntry(same);
          out.write(entry.getName().equals(JarFile.MANIFEST_NAME) && UNSIGNED ? withoutDigests(bytes(jar, entry))
              : isOld(jar, entry) ? withStackMaps(jar, bytes(jar, entry)) : bytes(jar, entry));
        }
      }
    }
    return bytes.toByteArray();
  }

  private static byte[] withoutDigests(byte[] manifest) throws IOException {
    var read = new Manifest(new ByteArrayInputStream(manifest));
    read.getEntries().clear();
    var bytes = new ByteArrayOutputStream();
    read.write(bytes);
    return bytes.toByteArray();
  }

  private static byte[] withStackMaps(JarFile jar, byte[] old) {
    var jarsClasses = ClassHierarchyResolver.ofResourceParsing(name -> {
      var entry = jar.getJarEntry(name.descriptorString().replaceAll("^L|;$", "") + ".class");
      return entry == null ? null : new ByteArrayInputStream(bytes(jar, entry));
    });
    var format = ClassFile.of(StackMapsOption.GENERATE_STACK_MAPS, ConstantPoolSharingOption.NEW_POOL,
        ClassHierarchyResolverOption.of(jarsClasses.orElse(ClassHierarchyResolver.defaultResolver())));
    ClassTransform renew = (builder, element) -> {
      switch (element) {
        case ClassFileVersion version -> builder.withVersion(ClassFile.JAVA_8_VERSION, 0);
        case MethodModel method -> builder.transformMethod(method, MethodTransform.transformingCode((code, each) -> code.with(each)));
        default -> builder.with(element);
      }
    };
    try {
      return format.transformClass(format.parse(old), renew);
    } catch (IllegalArgumentException foreign) {
      return old; // extends or uses a library that is not there: nobody will load it
    }
  }
}
