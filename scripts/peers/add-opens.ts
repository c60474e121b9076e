const PACKAGES: Readonly<Record<string, readonly string[]>> = {
  'java.base': [
    'java.lang',
    'java.lang.reflect',
    'java.io',
    'java.net',
    'java.nio',
    'java.util',
    'java.util.concurrent',
    'java.util.concurrent.atomic',
    'java.util.regex',
    'java.time',
    'java.text',
    'sun.nio.ch',
    'sun.nio.cs',
    'sun.security.action',
    'sun.util.calendar',
    'jdk.internal.ref',
  ],
  'java.sql': ['java.sql'],
  'java.security.jgss': ['sun.security.krb5'],
};

/** What Hive, Spark, Pig and YARN reach into; without these flags they end on the Java of today. */
export const ADD_OPENS: readonly string[] = Object.entries(PACKAGES).flatMap(([module, names]) =>
  names.map((name) => `--add-opens=${module}/${name}=ALL-UNNAMED`),
);
