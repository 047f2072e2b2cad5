import * as core from '@actions/core'
import type { Announcement, Announcer, Log } from '../rollout/ports.ts'

export type Level = 'notice' | 'warning' | 'error'

/** One remark beside the run, with its headline. */
export interface Remark {
  readonly level: Level
  readonly title: string
  readonly message: string
}

/** The job that the action runs in: what it was given, and where it says what came of it. */
export interface Job {
  readonly log: Log
  /** Announces as annotations of the run. */
  readonly announcer: Announcer
  /** The input as given; empty when it was not. */
  input(name: string): string
  /** From here on the runner's log shows `***` in its place. */
  mask(secret: string): void
  output(name: string, value: string): void
  /** Adds to the job summary; without a runner, to the log. */
  summarise(markdown: string): Promise<void>
  annotate(remark: Remark): void
  /** What was annotated or announced so far. */
  readonly said: ReadonlySet<Level>
  debug(text: string): void
  /** Lets the step end as failed. */
  fail(): void
}

const ANNOUNCED_AS: Readonly<Record<Announcement['kind'], Level>> = {
  promoted: 'notice',
  graduated: 'notice',
  warning: 'warning',
  held: 'warning',
  failed: 'error',
  'rolled-back': 'error',
  'rollback-failed': 'error'
}

const ANNOTATE = { notice: core.notice, warning: core.warning, error: core.error }

/** Annotations show no Markdown; the rest stands in the summary, and in the issue where one is filed. */
function firstParagraph(markdown: string): string {
  return markdown.split('\n\n')[0] ?? ''
}

/** The job through the runner's own commands and files; `hasSummary` says whether there is a summary. */
export function createJob(hasSummary: boolean): Job {
  const said = new Set<Level>()
  const annotate = ({ level, title, message }: Remark): void => {
    said.add(level)
    ANNOTATE[level](message, { title })
  }
  return {
    log: { info: core.info, warning: core.warning },
    announcer: {
      announce: async ({ kind, title, body }) =>
        annotate({ level: ANNOUNCED_AS[kind], title, message: firstParagraph(body) })
    },
    input: name => core.getInput(name),
    mask: core.setSecret,
    output: core.setOutput,
    summarise: async markdown => {
      if (hasSummary) await core.summary.addRaw(markdown).write()
      else core.info(markdown)
    },
    annotate,
    said,
    debug: core.debug,
    fail: () => {
      process.exitCode = core.ExitCode.Failure
    }
  }
}
