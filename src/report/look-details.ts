import { formatDuration } from '../rollout/duration.ts'
import type { Judgement, LookBody } from '../rollout/events.ts'
import type { Verdict } from '../verdict/verdict.ts'
import { countText, manyText, oddsText } from '../verdict/wording.ts'
import { utcText } from './instant.ts'
import { code, details, list, md, NOTHING, type Text, table } from './markdown.ts'
import {
  type RecordedFinding,
  type RecordedProportion,
  type RecordedValue,
  readFinding
} from './recorded-finding.ts'

/** How far every verdict of a look is from being another one, folded; `reason` is told already. */
export function changeDetails(look: LookBody, reason: string): string {
  const rows = look.judgements.map(judgement => changeRow(judgement, reason))
  const columns = ['criterion', 'code', 'found', 'would roll back', 'would pass', 'E', 'G']
  const legend =
    'E is the odds of trouble, G the odds of health; 20 : 1 decides. The numbers of units are in a row.'
  return details('What would change these verdicts', `${table(columns, rows)}\n\n${legend}`)
}

/** What was checked about the world before anything was judged, folded. */
export function integrityDetails({ integrity }: LookBody): string {
  if (integrity.length === 0) return ''
  const broken = integrity.filter(({ ok }) => !ok).length
  const title = broken === 0 ? 'Integrity: all is as it should be' : `Integrity: ${broken} broken`
  const rows = integrity.map(({ code: name, ok, message }) => [
    code(name),
    ok ? 'ok' : 'broken',
    message
  ])
  return details(title, table(['check', 'state', 'found'], rows))
}

/** When and from what a look was made: enough to make it again; `evidence` says where it is kept. */
export function originDetails(look: LookBody, evidence: Text | undefined): string {
  const facts: readonly (readonly [string, Text | undefined])[] = [
    ['due', look.dueAt === undefined ? 'between checkpoints' : utcText(look.dueAt)],
    ['ran', `${utcText(look.at)}, ${formatDuration(look.lateMs)} late`],
    ['woken by', look.wokenBy],
    ['window', windowText(look)],
    ['database', look.window?.version],
    ['snapshot', look.window === undefined ? undefined : code(look.window.snapshot)],
    ['evidence', evidence]
  ]
  const known = facts.flatMap(([name, value]) =>
    value === undefined ? [] : [md`${name}: ${value}`]
  )
  const digests = Object.entries(look.digests).map(([file, digest]) => [code(file), code(digest)])
  const asked = digests.length === 0 ? '' : `\n\n${table(['query', 'SHA-256'], digests)}`
  return details('Where this comes from', `${list(known)}${asked}`)
}

function windowText({ window }: LookBody): string {
  if (window === undefined) return 'none: the database could not be asked'
  return `${utcText(window.since)} to ${utcText(window.until)}; the database had ${utcText(window.databaseNow)}`
}

function changeRow(judgement: Judgement, reason: string): readonly Text[] {
  const finding = readFinding(judgement)
  const { criterion, message, code: name, verdict } = judgement
  const share = finding.kind === 'proportion' ? finding : undefined
  // The numbers of a share's message stand in the other columns, and a reason is not told twice.
  const words = reason.includes(message) ? 'as the reason says' : message
  return [
    criterion,
    code(name),
    share === undefined || share.all === 0 ? words : segmentText(share),
    verdict === 'red' ? NOTHING : toRedText(finding),
    verdict === 'pass' ? NOTHING : toPassText(finding, verdict),
    share?.logE === undefined ? NOTHING : oddsText(share.logE),
    share?.logG === undefined ? NOTHING : oddsText(share.logG)
  ]
}

/** The part of the phase that speaks loudest for trouble. */
function segmentText({ segment }: RecordedProportion): string {
  if (segment === undefined || segment.all === 0) return NOTHING
  const place = segment.component === 'L1' ? 'whole phase' : `since hour ${segment.start}`
  return `${place}: ${countText(segment.good)} good of ${countText(segment.all)}`
}

function toRedText(finding: RecordedFinding): string {
  switch (finding.kind) {
    case 'proportion':
      return finding.toRed === undefined ? NOTHING : manyText(finding.toRed, 'more bad unit')
    case 'zero-tolerance':
      return `one ${finding.noun}`
    case 'sustained':
      return 'sustained errors'
    case 'value':
      return 'a value beyond red'
    case 'state-machine':
      return `an illegal transition${finding.waiting === undefined ? '' : ' or a stuck unit'}`
    case 'none':
      return NOTHING
  }
}

function toPassText(finding: RecordedFinding, verdict: Verdict): string {
  switch (finding.kind) {
    case 'proportion':
      return finding.needs === undefined ? NOTHING : manyText(finding.needs, 'more good unit')
    case 'zero-tolerance':
    case 'sustained':
      return finding.events === 0 ? 'a control that is alive' : NOTHING
    case 'value':
      return valueToPassText(finding, verdict)
    case 'state-machine':
      return STATE_MACHINE_TO_PASS[verdict] ?? NOTHING
    case 'none':
      return 'an answer'
  }
}

/** A bucket beyond red is not forgotten while the phase stands. */
function valueToPassText({ needs, bucketsBeyondRed }: RecordedValue, verdict: Verdict): string {
  if (needs !== undefined) return manyText(needs, 'more sample')
  return verdict === 'warn' && bucketsBeyondRed === 0 ? 'a value within pass' : NOTHING
}

const STATE_MACHINE_TO_PASS: Readonly<Partial<Record<Verdict, string>>> = {
  warn: 'that whoever waits goes on',
  insufficient: 'a control that is alive'
}
