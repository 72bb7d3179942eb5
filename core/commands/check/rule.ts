/** What a check of a plugin is made of. */
import type { Installed } from '../../host/manifest.ts'

/** What is wrong, and how to mend it. */
export interface Finding {
  readonly finding: string
  readonly mend: string
}

/** One thing that is asked of one plugin. Whoever asks for more adds another one to the list. */
export interface Check {
  readonly plugin: string
  /** What it is about, in one word. */
  readonly rule: string
  run(): Promise<readonly Finding[]>
  /** Why it cannot be tried here, through no fault of the plugin; it is told, and not run. */
  readonly hindrance?: string | null
  /** How many things were tried, once it has run. */
  tried?(): Promise<number>
}

/** A plugin's folder, with its code loaded. */
export interface Candidate {
  readonly installed: Installed
  /** Paths below its folder, with slashes. */
  readonly files: readonly string[]
  /** Whether it stands in `plugins/` of this clone. */
  readonly isShipped: boolean
  text(file: string): string
}

/** A rule that is judged by the folder alone. */
export interface FolderRule {
  readonly rule: string
  judge(candidate: Candidate): readonly Finding[]
}

/** The same mend for each of several findings. */
export const findings = (each: readonly string[], mend: string): Finding[] => each.map((finding) => ({ finding, mend }))
