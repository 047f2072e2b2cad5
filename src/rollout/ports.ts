import type { HoldCause, LedgerEvent } from './events.ts'

/** The wall clock of this process, and its way of waiting. Rehearsal and tests hand in a virtual one. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number
  /** Resolves when that much time has passed on this clock. */
  sleep(ms: number): Promise<void>
}

/** Where an operation says what it is doing, line by line, while it does it. */
export interface Log {
  info(line: string): void
  warning(line: string): void
}

/** What one flag is, on one target, right now. */
export type FlagState =
  | {
      readonly kind: 'set'
      readonly value: string
      /** Other targets that the same provider record serves; writing splits it. */
      readonly sharedWith: readonly string[]
      /** What is kept beside the value: see `flag-owner.ts`. Absent when there is nothing. */
      readonly comment?: string
    }
  | { readonly kind: 'absent' }
  /** The provider holds a value that nobody can read back. */
  | { readonly kind: 'unreadable'; readonly reason: string }

/** Something at the provider that would make a written flag ineffective or a write unsafe. */
export interface FlagObstacle {
  readonly code:
    | 'branch_override'
    | 'sensitive'
    | 'hidden_production'
    | 'foreign_owner'
    | 'duplicate_record'
    | 'team_shared'
    | 'other_rollout'
  readonly flag: string
  readonly message: string
  readonly remedy: string
}

export interface FlagReading {
  readonly target: string
  /** One entry per flag asked for. */
  readonly flags: Readonly<Record<string, FlagState>>
  readonly obstacles: readonly FlagObstacle[]
}

export interface FlagChange {
  readonly target: string
  /** The wanted value of each flag; null means: absent. */
  readonly flags: Readonly<Record<string, string | null>>
  /**
   * Kept beside the value at the provider: which rollout owns it, as `flag-owner.ts` words it. A flag that
   * has its value already is only given the comment when the owner is another one.
   */
  readonly comment: string
  /**
   * What to do when there is an obstacle or a flag fails; unless told, the change is refused or taken back
   * as a whole. With `skip`, as in a rollback, as much as possible is written and stays: obstacles are
   * only told, a flag that a branch override shadows or that another rollout owns is written, one with any
   * other obstacle is left alone, what the team shares is not asked for, and a flag that the provider
   * refuses keeps no other from being written. What is half done is never put back: that would turn a
   * feature on again.
   */
  readonly obstructed?: 'refuse' | 'skip'
}

/** The flags of one project. Nothing it does to one target can be seen on another. */
export interface FlagStore {
  /**
   * Changes nothing. Who owns a flag is in its comment; `other_rollout` is never among the obstacles.
   * @throws InputError when there is no such target; ProviderError
   */
  read(target: string, flags: readonly string[]): Promise<FlagReading>
  /**
   * Brings the flags to the wanted state as one change, whatever they were, and reads them back: values,
   * comments, types, and that other targets kept theirs. The reading returned is what the provider says
   * afterwards. Repeating it changes nothing. When a part of it fails, every flag is put back as it was
   * before; the error says so, or names each flag that is not as it was and how to put it back by hand.
   * With `skip` nothing is put back.
   * @throws InputError when there is no such target; ProviderError `flag_obstacle` when an obstacle forbids
   * it (nothing is changed; never with `skip`), `flag_readback` when the provider does not hold what it
   * accepted, `flags_half_written` when not every flag could be put back, else as the provider failed
   */
  write(change: FlagChange): Promise<FlagReading>
}

export interface Deployment {
  readonly id: string
  readonly url: string
  readonly target: string
  readonly state: 'building' | 'ready' | 'failed' | 'cancelled'
  /** ISO 8601, by the provider's clock. */
  readonly createdAt: string
  /** The intent that asked for it, when it was one of ours. */
  readonly intent?: string
  /** The commit it was made from, in full, where the provider knows it. */
  readonly commit?: string
  /** Where a person sees the build. */
  readonly inspectorUrl?: string
  /** Why it failed, in the provider's words. */
  readonly problem?: string
}

export interface DeployRequest {
  readonly target: string
  /** The id of the ledger event that wants this deployment; carried in its meta as `rollgate`. */
  readonly intent: string
  readonly rollout: string
  readonly phase: string
  /** How long the build may take before it is cancelled. */
  readonly deadlineMs: number
  /** The deployment whose code is deployed once more; by the target's own commit policy unless told. */
  readonly like?: string
  /**
   * Asked when the deployment is ready and has to be given its traffic; throws when it must not get any.
   * Not where the provider gives it by itself, as it does unless production is staged or was rolled back.
   */
  readonly prove?: (deployment: Deployment) => Promise<void>
  /** Asked again just before the deployment is made live; throws when the work is superseded. */
  readonly stillWanted: () => Promise<void>
}

/** A request to give production's domains to another deployment without a build; the last one there was. */
export interface Move {
  readonly how: 'rollback' | 'promote'
  readonly to: string
  /** What had the domains before, where the provider tells. */
  readonly from?: string
  /** ISO 8601, by the provider's clock; absent where the provider tells only where production went. */
  readonly at?: string
  readonly state: 'moving' | 'moved' | 'not-moved'
}

/** Which deployment the visitors of a target get, how it came to that, and what a new one would get. */
export interface Traffic {
  /** The deployment that is served; undefined when there is none. */
  readonly serves: string | undefined
  /** Production only. */
  readonly move?: Move
  /**
   * Whether a new deployment is served as soon as it is ready: `off` by the project's settings, and
   * `rolled-back` from an instant rollback until the next promotion.
   */
  readonly newOnes: 'served' | 'off' | 'rolled-back'
  /** Part of the visitors may get another deployment: the project releases in stages. */
  readonly staged: boolean
}

/** How long somebody can wait for an answer. */
export interface Asking {
  /** Asked once and for a few seconds only, not until the provider answers. */
  readonly hurried?: boolean
}

/** The deployments of one project. */
export interface Deployer {
  /** What the target serves now; undefined when nothing was ever deployed there. @throws ProviderError */
  live(target: string): Promise<Deployment | undefined>
  /** One request on production. @throws ProviderError */
  traffic(target: string): Promise<Traffic>
  /** One deployment; undefined when it was deleted. @throws ProviderError */
  get(deploymentId: string, how?: Asking): Promise<Deployment | undefined>
  /** The youngest deployment of the target that is ready, served or not. @throws ProviderError */
  newest(target: string): Promise<Deployment | undefined>
  /** The deployment that an intent has already created, if any. @throws ProviderError */
  find(intent: string): Promise<Deployment | undefined>
  /**
   * The flags that a deployment was made with, absent ones left out; undefined where this token may not
   * see them.
   * @throws ProviderError
   */
  flagsIn(
    deploymentId: string,
    flags: readonly string[],
    how?: Asking
  ): Promise<Readonly<Record<string, string>> | undefined>
  /**
   * Makes a fresh deployment with the flags as they are now and returns it once the target serves
   * it. A deployment that the same intent has already created is taken up, not repeated, as long as
   * the target can still be made to serve it.
   * @throws ProviderError when the build fails, is cancelled at the deadline, or does not become live
   */
  deploy(request: DeployRequest): Promise<Deployment>
  /**
   * Cancels what an intent is still building; nothing when it builds nothing.
   * @throws ProviderError when a build may still go live
   */
  abandon(intent: string): Promise<void>
  /**
   * Points the target back at a deployment that served it before; no build, old flags included. `known`
   * is the traffic as it was seen a moment ago, and saves asking for it.
   * @throws ProviderError when the provider refuses or does not do it
   */
  reinstate(target: string, deploymentId: string, known?: Traffic): Promise<void>
}

/** The commits of the repository that the working directory lies in. */
export interface SourceTree {
  /** The commit that is checked out, in full; undefined where there is no repository or no commit. */
  head(): Promise<string | undefined>
  has(commit: string): Promise<boolean>
  /**
   * Writes the working directory as that commit has it into an empty folder, with its links and with
   * the right to execute.
   * @throws ProviderError `commit_missing` when the repository here does not have all of it,
   * `commit_not_whole` when a commit alone is not all that is deployed; the folder is then good for nothing
   */
  export(commit: string, folder: string): Promise<void>
}

/** One request to a deployment, as a visitor would make it. */
export interface ProbeRequest {
  /** Where the deployment, or its target, is reached: `https://shop-1-acme.vercel.app`. */
  readonly url: string
  /** Begins with a slash. */
  readonly path: string
  readonly timeoutMs: number
}

export interface ProbeAnswer {
  readonly status: number
  /** The first 64 KiB of the body. */
  readonly body: string
  /** It is not the deployment that answered: its protection had no key shown to it, or refused the one it was shown. */
  readonly protection?: 'no-key' | 'key-refused'
}

/** Asks what is deployed over HTTP, past its deployment protection where there is a key for it. */
export interface Prober {
  /** @throws ProviderError when there is no answer */
  probe(request: ProbeRequest): Promise<ProbeAnswer>
}

/** What preflight asks a Vercel project: facts only, no judgement. */
export interface ProjectFacts {
  readonly id: string
  readonly name: string
  /** Production deployments are given the production domains without being promoted by hand. */
  readonly autoAssignsProduction: boolean
  readonly rollingRelease: boolean
  /** The deployment that a rolling release gives part of the traffic right now. */
  readonly releasing?: string
  /** The repository it is connected to: `acme/shop`. */
  readonly repository?: string
  readonly productionDeployment?: string
  /** The domains that lead to it, as the provider orders them: `shop.example`. */
  readonly productionDomains?: readonly string[]
}

/** What preflight asks about the deployments of one target: facts only, no judgement. */
export interface TargetFacts {
  /** What serves it; absent when nothing does. */
  readonly live?: Pick<Deployment, 'id' | 'commit'>
  /** Whether the repository of the working directory has that commit. */
  readonly liveIsHere: boolean
  /** The commit of the working directory, where that is what would be deployed. */
  readonly head?: string
  /** Where the target's own domain leads: to this project, to another one, or nowhere yet. */
  readonly alias?: 'here' | 'elsewhere' | 'nowhere'
}

export interface ProjectInspector {
  /** @throws ProviderError when token, team or project are wrong */
  inspectProject(): Promise<ProjectFacts>
  /** @throws ProviderError */
  inspectTarget(target: string): Promise<TargetFacts>
}

/** One SQL answer, row by row, as the metric's kind prescribes. */
export interface SeriesRow {
  /** Start of the bucket, ISO 8601 UTC. */
  readonly bucket: string
  /** Units on the counted side (proportion), events (count, transitions), or the number itself (value). */
  readonly hits: number
  /** Units in all (proportion), or the samples that the number was made from (value). */
  readonly total?: number
  /** Newest event of the bucket, ISO 8601 UTC; count only, optional. */
  readonly latest?: string
  /** The states that a unit went between; transitions only, as is all that follows. */
  readonly from?: string
  readonly to?: string
  /** Units that are still in the state they went to: this is their latest transition. */
  readonly waiting?: number
  /** When the one that has waited longest went there, ISO 8601 UTC; absent when none waits. */
  readonly oldest?: string
}

/** The number of a value metric over the whole window: percentiles of buckets do not add up to it. */
export interface WholeWindow {
  readonly hits: number
  readonly total: number
}

export type Answer =
  | {
      readonly kind: 'answered'
      readonly rows: readonly SeriesRow[]
      /** Value only; absent when the window is empty. */
      readonly whole?: WholeWindow
    }
  | {
      readonly kind: 'unanswered'
      readonly code: string
      readonly message: string
      readonly remedy: string
    }

export type MetricKind = 'proportion' | 'count' | 'value' | 'transitions'

/** One judged series, as the header of its SQL file declares it. */
export interface MetricHeader {
  readonly name: string
  readonly kind: MetricKind
  readonly asks: string
  readonly unit: string
  /** File that answers it, as shown to people: `sql/metrics/outcomes.sql`. */
  readonly file: string
}

export interface LookRequest {
  readonly metrics: readonly string[]
  /** Bound into the SQL beside `since` and `until`. */
  readonly parameters: Readonly<Record<string, string>>
  /** ISO 8601; the window starts here. */
  readonly since: string
  /** The window ends this long before the database's now, so that late rows can arrive. */
  readonly graceMs: number
  /** ISO 8601; ends the window earlier, to look at what is past. */
  readonly until?: string
}

/** Several looks at the past whose windows begin together. */
export interface LookBackRequest extends Omit<LookRequest, 'until'> {
  /** Where each window ends, ISO 8601. */
  readonly untils: readonly string[]
}

/** What the planner expects of one metric file, before anything is read. */
export interface QueryEstimate {
  readonly file: string
  /** The metrics that the file answers. */
  readonly metrics: readonly string[]
  /** The planner's total cost, in its own units. */
  readonly plannedCost: number
  /** Tables that would be read from end to end. */
  readonly fullScans: readonly FullScan[]
}

export interface FullScan {
  /** With its schema: `public.observability_events`. */
  readonly table: string
  readonly bytes: number
  /** As of the last ANALYZE; undefined when the table never had one. */
  readonly rows: number | undefined
  /**
   * The columns of an index that would serve the query: those it compares, then the one it takes a
   * span of. As SQL writes them; none where that cannot be told.
   */
  readonly pickedBy: readonly string[]
  /** The first columns of each index that is there, in the same way. */
  readonly indexes: readonly (readonly string[])[]
  /** It has partitions, so that no index on it can be made concurrently. */
  readonly partitioned: boolean
}

export interface Reading {
  /** The database's clock inside the snapshot, ISO 8601 UTC. */
  readonly databaseNow: string
  readonly version: string
  /** `pg_current_snapshot()` of the transaction all answers come from. */
  readonly snapshot: string
  readonly since: string
  readonly until: string
  /** One per metric asked for. */
  readonly answers: Readonly<Record<string, Answer>>
  /** SHA-256 of every SQL text that was run, by file. */
  readonly digests: Readonly<Record<string, string>>
}

/** Judged series, all of one look from one read-only snapshot. */
export interface MetricReader {
  /** @throws EvidenceError when the database cannot be asked at all; one bad query is an `unanswered` */
  look(request: LookRequest): Promise<Reading>
  /**
   * The readings of one look per end, in their order and with the same answers, from one snapshot and one
   * statement per file. Undefined when they cannot be had together, as where a single query fails or
   * all of them are too much at once: each look says by itself then what is wrong with it.
   * @throws EvidenceError when the database cannot be asked at all
   */
  lookBack(request: LookBackRequest): Promise<readonly Reading[] | undefined>
  /**
   * What a look would cost; nothing is read. A file that cannot be planned is left out: the look says
   * what is wrong with it.
   * @throws EvidenceError when the database cannot be asked at all
   */
  estimate(request: LookRequest): Promise<readonly QueryEstimate[]>
  /** The database's clock, ISO 8601 UTC. @throws EvidenceError */
  databaseNow(): Promise<string>
}

/** What people report as issues of the repository. */
export interface ReportReader {
  /**
   * When each issue that carries the label now was opened, ISO 8601 UTC in whole seconds by GitHub's
   * clock, in no particular order; those opened before the second of `since` are left out. Closing an
   * issue takes nothing back; taking the label off, deleting or transferring it does.
   * @throws ProviderError when it cannot be asked, or there is no such label, which nobody could use;
   * InputError where there is no repository to ask
   */
  openedSince(label: string, since: string): Promise<readonly string[]>
}

export interface EvidenceRequest {
  /** Folder-safe name, as `T+6h`. */
  readonly checkpoint: string
  readonly parameters: Readonly<Record<string, string>>
  readonly since: string
  readonly until: string
}

/** A text file to be kept beside the ledger; the path is relative to the rollout's own folder. */
export interface LedgerFile {
  readonly path: string
  readonly content: string
}

/** Evidence is kept, never judged: no failure in here may stop or change a look. */
export interface EvidenceExporter {
  /** `manifest.json` and one CSV per query, capped and redacted; a failed query is told in the manifest. */
  collect(request: EvidenceRequest): Promise<readonly LedgerFile[]>
}

/** `all`: no policy is for the role; `some`: there is one, with a condition that rows have to meet. */
export type HiddenRows = 'none' | 'some' | 'all'

/** What preflight asks the database: facts only, no judgement. */
export interface DatabaseFacts {
  readonly version: string
  readonly role: string
  readonly superuser: boolean
  readonly canWrite: boolean
  readonly encrypted: boolean
  readonly local: boolean
  readonly databaseNow: string
  readonly table: string
  readonly tableExists: boolean
  readonly missingColumns: readonly string[]
  /** Whether row-level security keeps rows of the table from this role, which no error tells. */
  readonly hiddenRows: HiddenRows
  readonly estimatedRows: number
  /** An index whose first column is the source or the creation time. */
  readonly indexed: boolean
  readonly recommendedIndex: boolean
}

export interface DatabaseInspector {
  /** @throws EvidenceError */
  inspectDatabase(): Promise<DatabaseFacts>
}

/** The newest rollout of a definition, and the point in the ledger's history it was read at. */
export interface LedgerReading {
  /** Opaque; undefined when the ledger does not exist yet. */
  readonly head: string | undefined
  /** 0 when the definition was never rolled out. */
  readonly number: number
  readonly events: readonly LedgerEvent[]
  /** The ledger's README.md as it stands; undefined before the first entry. */
  readonly dashboard: string | undefined
}

export interface LedgerEntry {
  readonly definition: string
  readonly number: number
  readonly expectedHead: string | undefined
  /** Appended to `events.jsonl`, in order. */
  readonly events: readonly LedgerEvent[]
  /** Written in the same commit; paths relative to the rollout's folder. */
  readonly files: readonly LedgerFile[]
  /** Written in the same commit, at the ledger's root. */
  readonly dashboard?: string
  /** One line in the history. */
  readonly message: string
}

/** The append-only memory. An entry is written whole or not at all. */
export interface Ledger {
  /** @throws ProviderError when it cannot be read, InputError when an event in it is not one */
  read(definition: string, number?: number): Promise<LedgerReading>
  /**
   * Appends if and only if the head is still the expected one; returns the new head.
   * @throws ConflictError when it is not: read again, decide again
   */
  append(entry: LedgerEntry): Promise<string>
}

/** The files of a ledger, of whatever kind it is, as they are now: what is read again to prove the past. */
export interface LedgerArchive {
  /** Every path from the ledger's root, in no particular order. @throws ProviderError */
  list(): Promise<readonly string[]>
  /** The text of one file; undefined when there is none. @throws ProviderError */
  read(path: string): Promise<string | undefined>
}

/** A GitHub environment that people approve in, as it is set up. */
export interface GateFacts {
  readonly environment: string
  /** Any one of them can approve; none: the environment lets everything pass. */
  readonly reviewers: readonly Reviewer[]
  readonly waitMs: number
  /** Whoever started a run cannot approve it. */
  readonly preventsSelfReview: boolean
  /** Which branches may use it. */
  readonly branches: 'any' | 'protected' | 'selected'
  /** Undefined where the provider does not say. */
  readonly adminsCanBypass: boolean | undefined
}

export interface Reviewer {
  readonly kind: 'user' | 'team'
  readonly name: string
}

/** One answer of a person to this run's question whether it may pass an environment. */
export interface Review {
  readonly by: string
  readonly state: 'approved' | 'rejected'
  readonly comment: string
}

/** What is known of gates and of who passed them: facts only, no judgement. */
export interface Gates {
  /** `environments`: people review in GitHub; `typed`: somebody types a name, there is nothing else. */
  readonly kind: 'environments' | 'typed'
  /** Undefined when there is no such environment. @throws ProviderError when it cannot be asked */
  inspect(environment: string): Promise<GateFacts | undefined>
  /**
   * Reviews of this very run for that environment, earlier attempts included, as the provider
   * orders them.
   * @throws ProviderError
   */
  reviews(environment: string): Promise<readonly Review[]>
}

/** Who let a gated phase pass, as the ledger keeps it. */
export interface Approval {
  readonly by: string
  readonly comment: string
  /** How it was proven, in words the report can print. */
  readonly how: string
}

/** The workflows of the repository that Rollgate itself sets going, by what they are for. */
export type WorkflowRole = 'rollout' | 'monitor' | 'timers'

export interface Workflows {
  /** Whether there is one here to start. */
  has(role: WorkflowRole): boolean
  /**
   * Starts one; undefined when there is none here to start, as on the command line.
   * @throws ProviderError when the provider refuses or does not answer
   */
  dispatch(
    role: WorkflowRole,
    inputs: Readonly<Record<string, string>>
  ): Promise<{ readonly url: string | undefined } | undefined>
  /** Makes sure that its schedule runs; true when it had been switched off. @throws ProviderError */
  enable(role: WorkflowRole): Promise<boolean>
}

/** What the repository's page of deployments is told. Nothing is ever decided by it. */
export interface DeploymentNotice {
  /** The name it stands under there: the target. */
  readonly environment: string
  /** At most 140 characters are shown. */
  readonly description: string
  readonly state: 'in_progress' | 'success' | 'failure' | 'inactive'
  readonly url?: string
}

export interface DeploymentBoard {
  /** Failing to show never changes an outcome: it is logged. */
  show(notice: DeploymentNotice): Promise<void>
}

export interface WorkflowFacts {
  readonly role: WorkflowRole | 'rollback'
  readonly file: string
  /** `missing`: not on the default branch; `disabled`: somebody, or sixty quiet days, switched it off. */
  readonly state: 'active' | 'disabled' | 'missing'
}

/** What preflight asks the repository: facts only, no judgement. */
export interface RepositoryFacts {
  /** `acme/shop` */
  readonly name: string
  readonly private: boolean
  readonly defaultBranch: string
  /** The branch this run uses; undefined when that is not known. */
  readonly branch: string | undefined
  readonly ledger: {
    readonly branch: string
    readonly exists: boolean
    /** Types of the rules in force on it, as `required_signatures`; undefined when it cannot be asked. */
    readonly rules: readonly string[] | undefined
  }
  readonly workflows: readonly WorkflowFacts[]
}

export interface IssueDraft {
  /** Names the matter: an open issue with this key is commented on, not filed again. */
  readonly key: string
  readonly title: string
  /** Markdown. */
  readonly body: string
}

export interface ChangeDraft {
  /** Names the proposal: an open one from this branch is left as it is. */
  readonly branch: string
  readonly title: string
  /** Markdown. */
  readonly body: string
  readonly path: string
  readonly content: string
}

/** The repository that the rollout belongs to. Undefined answers: there is none here. */
export interface Repository {
  /** @throws ProviderError */
  inspectRepository(): Promise<RepositoryFacts | undefined>
  /** A text file on the default branch; undefined when it is not there. @throws ProviderError */
  readFile(path: string): Promise<string | undefined>
  /** @throws ProviderError */
  fileIssue(draft: IssueDraft): Promise<{ readonly url: string } | undefined>
  /** A pull request against the default branch that changes one file. @throws ProviderError */
  proposeChange(draft: ChangeDraft): Promise<{ readonly url: string } | undefined>
}

export interface Announcement {
  readonly kind:
    | 'held'
    | 'rolled-back'
    | 'rollback-failed'
    | 'failed'
    | 'warning'
    | 'promoted'
    | 'graduated'
  /** `assignment-pipeline-v3#1` */
  readonly rollout: string
  readonly title: string
  /** Markdown; its first paragraph says it all to whoever reads no further. */
  readonly body: string
  /** Why it is held; a hold without one waits for a person. */
  readonly cause?: HoldCause
}

/** Tells people who are not looking. Failing to tell never changes an outcome. */
export interface Announcer {
  announce(announcement: Announcement): Promise<void>
}
