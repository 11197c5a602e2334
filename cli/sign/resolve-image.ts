import { DescribeImagesCommand } from '@aws-sdk/client-ecr'
import { parseDigest, type Digest } from '../../src/oci/digest.ts'
import { exitCodes, Failure } from '../failure.ts'
import { parseImageReference } from '../reference.ts'
import { ask, type Session } from '../session.ts'

/** What is signed is a digest, whatever a tag names a moment later. */
export async function resolveImage(
  session: Session,
  text: string,
): Promise<{ readonly repository: string; readonly digest: Digest }> {
  const parsed = parseImageReference(text)
  if (parsed === undefined) throw new Failure(exitCodes.usage, `${text} is no image reference`)
  const { repository, tag, digest } = parsed
  if (digest !== undefined) return { repository, digest }
  const imageIds = [{ imageTag: tag ?? 'latest' }]
  const answer = await ask(session, (ecr) =>
    ecr.send(new DescribeImagesCommand({ repositoryName: repository, imageIds })),
  )
  const found = parseDigest(answer.imageDetails?.[0]?.imageDigest ?? '')
  if (found !== undefined) return { repository, digest: found }
  throw new Failure(exitCodes.notFound, `${text} is not there`)
}
