/** Everything inherits from these: what one plugin adds to them would be found in every object of the kernel. */
const SHARED = [
  Object,
  Function,
  Array,
  String,
  Number,
  Boolean,
  RegExp,
  Date,
  Promise,
  Map,
  Set,
  WeakMap,
  Error,
  Uint8Array,
] as const

/** Nothing can be added to them any more; what is there stays as it is, for libraries that overwrite it in their own objects. */
export function sealPrototypes(): void {
  for (const { prototype } of SHARED) Object.preventExtensions(prototype)
}
