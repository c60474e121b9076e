/** Names of classes that are made at run time, whose numbers differ from start to start. */

export function isJavaLambda(module: string): boolean {
  return module.includes('$$Lambda$') || module.includes('$$Lambda/');
}

/** The name with `<auto>` instead of what was made up at run time. */
export function cleanJavaModule(module: string): string {
  let name = module;
  if (name.includes('reflect.Generated')) {
    const accessor = METHOD_ACCESSOR.exec(name);
    if (accessor !== null) return accessor[1]!;
    name = name.replace(CONSTRUCTOR_ACCESSOR, '$1<auto>');
  }
  if (!name.includes('$')) return name;
  return name
    .replace(BYTE_CODE_LIBRARY, '$1<auto>')
    .replace(JAVASSIST, '$1<auto>')
    .replace(HIBERNATE, '$1<auto>')
    .replace(CLOJURE, '$1<auto>');
}

const METHOD_ACCESSOR = /^((?:sun|jdk\.internal)\.reflect\.GeneratedMethodAccessor)\d*/;
const CONSTRUCTOR_ACCESSOR = /((?:sun|jdk\.internal)\.reflect\.Generated(?:Serialization)?ConstructorAccessor)\d+/;
/** `$$EnhancerBySpringCGLIB$$1a2b`, `$$SpringCGLIB$$0`, `$$EnhancerByGuice$$9`, `$$FastClassByGuice$$0`, `$$FastClass$$1`. */
const BYTE_CODE_LIBRARY = /(\$\$(?:\w*CGLIB|(?:Enhancer|FastClass)(?:By\w+)?)\$\$)[0-9a-fA-F]+(?:_\d+)?/g;
const JAVASSIST = /(\$\$_javassist)(?:_seam)?(?:_\d+)?/g;
const HIBERNATE = /(\$\$?HibernateProxy\$\$?)\w+/g;
const CLOJURE = /(\$fn__)\d+/g;
