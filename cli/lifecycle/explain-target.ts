import { DescribeImagesCommand } from '@aws-sdk/client-ecr'
import { explainImage, type ImageExplanation } from '../../src/lifecycle/rules/explain-image.ts'
import { awsArchiveDays } from '../../src/lifecycle/rules/parse-lifecycle.ts'
import { exitCodes, Failure } from '../failure.ts'
import { jsonOf } from '../json.ts'
import { renderTable } from '../output.ts'
import { parseImageReference, type ImageReference } from '../reference.ts'
import { ask, callServer, type Session } from '../session.ts'
import { policyInForce, readPolicyText } from './policy-text.ts'
import { readEcrImages } from './read-ecr-images.ts'

/** What the policy in force makes of an image, by the server, or of AWS's judged here. */
export async function explainTarget(session: Session, text: string): Promise<ImageExplanation> {
  const reference = parseImageReference(text)
  if (reference === undefined) throw new Failure(exitCodes.usage, `${text} is no image reference`)
  const { repository } = reference
  const digest = await digestOf(session, reference)
  if (session.endpoint !== undefined) {
    const query = new URLSearchParams({ repository, digest })
    const path = `/pratique/v1/lifecycle/explanation?${query.toString()}`
    return jsonOf<ImageExplanation>(await callServer(session, 'GET', path))
  }
  const policy = readPolicyText(await policyInForce(session, repository), 'the policy in force')
  const images = await readEcrImages(session, { repositoryName: repository })
  const options = { now: new Date().getTime(), archiveMinimumDays: awsArchiveDays }
  const found = explainImage(policy, images, digest, options)
  if (found !== undefined) return found
  throw new Failure(exitCodes.notFound, `repository ${repository} has no image ${digest}`)
}

async function digestOf(
  session: Session,
  { repository, tag, digest, text }: ImageReference,
): Promise<string> {
  if (digest !== undefined) return digest
  const imageIds = [{ imageTag: tag ?? 'latest' }]
  const answer = await ask(session, (ecr) =>
    ecr.send(new DescribeImagesCommand({ repositoryName: repository, imageIds })),
  )
  const found = answer.imageDetails?.[0]?.imageDigest
  if (found !== undefined) return found
  throw new Failure(exitCodes.notFound, `${text} is not there`)
}

export function renderExplanation(name: string, found: ImageExplanation): string {
  const { outcome, rule, why, rules } = found
  const words = { expire: 'goes', archive: 'is archived', keep: 'stays' } as const
  const by = rule === undefined ? '' : ` by rule ${rule}`
  const rows = rules.map((one) => [
    String(one.rule),
    one.matches ? 'yes' : 'no',
    one.acts ? 'yes' : 'no',
    one.why,
  ])
  const table = renderTable(['RULE', 'ABOUT IT', 'ALONE WOULD ACT', 'WHY'], rows)
  return `${name} ${words[outcome]}${by}: ${why}\n${table}`
}
