// The posture that the server judges by itself: its jobs, and what Pratique's own API does with it.
import type { PostureRooms } from './edges/control/posture-routes.ts'
import type { Config } from './config.ts'
import type { Foundation } from './foundation.ts'
import { enqueue } from './jobs/queue.ts'
import type { JobHandler } from './jobs/worker.ts'
import type { AccountId } from './policy/account-id.ts'
import { describePosture, listPostureHistory } from './posture/describe-posture.ts'
import type { LogFactDeps } from './posture/log-facts.ts'
import { judgeAccount, type JudgeAccountDeps } from './posture/judge-account.ts'
import {
  accountOfJob,
  judgePostureJob,
  judgePostureJobOf,
  schedulePostureJob,
} from './posture/posture-jobs.ts'
import {
  deletePostureRules,
  putPostureRules,
  showPostureRules,
} from './posture/put-posture-rules.ts'
import { ChangedAccounts, scheduleJudgements } from './posture/schedule-judgements.ts'
import { openImageContent } from './registry/open-image-content.ts'
import type { Suppressions } from './scanning/suppressions.ts'
import { trustPlace } from './trust-jobs.ts'

export interface PostureKeeping {
  readonly rooms: PostureRooms
  readonly handlers: Readonly<Record<string, JobHandler>>
  /** Somebody changed something of the account. */
  readonly changed: (account: AccountId) => void
}

/** As many of each repository as the command line looks into where nothing is said. */
const looked = 5
/** A judgement takes a quarter of the server's time at most while it runs. */
const restTimes = 3

export const postureSchedule = [{ kind: schedulePostureJob, everyMs: 5 * 60_000 }] as const

export function openPosture(
  config: Config,
  foundation: Foundation,
  given: {
    readonly suppressions: Suppressions
    readonly url: () => string
    readonly audit: LogFactDeps
    readonly wake: () => void
  },
): PostureKeeping {
  const { database, clock } = foundation
  const { suppressions, url, audit, wake } = given
  const changed = new ChangedAccounts()
  const startedAt = clock.now()
  const judging = judgingDeps(config, foundation, { suppressions, url, audit })
  return {
    handlers: {
      [judgePostureJob]: async (input, options) =>
        void (await judgeAccount(judging, accountOfJob(input), options)),
      [schedulePostureJob]: () => scheduleJudgements({ database, clock, changed, startedAt }),
    },
    changed: (account) => changed.add(account),
    rooms: {
      describePosture: (account) => describePosture(database, account),
      listPostureHistory: (input) => listPostureHistory(database, input),
      async requestJudgement(account) {
        await database.transaction((tx) => enqueue(tx, judgePostureJobOf(account), clock.now()))
        wake()
      },
      showPostureRules: (account) => showPostureRules(database, account),
      putPostureRules: (input) => putPostureRules(foundation, input),
      deletePostureRules: (account) => deletePostureRules(foundation, account),
    },
  }
}

function judgingDeps(
  config: Config,
  foundation: Foundation,
  {
    suppressions,
    url,
    audit,
  }: Pick<Parameters<typeof openPosture>[2], 'suppressions' | 'url' | 'audit'>,
): JudgeAccountDeps {
  const { database, blobs, clock } = foundation
  const { region, defaults } = config
  return {
    database,
    clock,
    region,
    defaults,
    suppressions,
    contentOf: (repositoryId) => openImageContent({ reader: database, blobs }, repositoryId),
    place: trustPlace(config),
    looked,
    restTimes,
    url,
    log: audit,
  }
}
