import { postureDocument } from '../../../src/posture/rules/posture-document.ts'
import type { PostureReport } from '../posture-report.ts'

/** The whole audit for programs, also what --min leaves out of the answer. */
export function writePostureJson(report: PostureReport): string {
  const { target, account, judgedAt, posture, minimum, exitCode, history } = report
  const { schema, score, ...rest } = postureDocument(posture)
  const about = { target, account, judgedAt: judgedAt.toISOString(), minimum, exitCode }
  const told = history === undefined ? {} : { history }
  return JSON.stringify({ schema, ...about, score, ...told, ...rest }, undefined, 2)
}
