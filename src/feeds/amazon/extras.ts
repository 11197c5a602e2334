// Purpose:  keep the fixes of an extras topic of Amazon Linux 2 from packages that are not of the topic.
// Spec:     amazon-linux-extras: a topic (`tomcat9`, `kernel-5.10`, `docker`) brings packages of other lines of versions than core.
// Input:    a fixed version of a topic; hostile.
// Deviates: nothing on an image tells from which topic a package is, so its line of versions does: that of the topic's name
//           where the fix is of it, else the first two numbers of the fix. `tomcat9` then says nothing of core's 7.0.
// Unknowns: a package of core of the same line as a topic's is held against the topic too.
import { affectedUntil, type OsvRange } from '../osv-record.ts'

/** What stays affected below the fixes of a package of this topic. */
export function affectedInTopic(topic: string, fixes: readonly string[]): readonly OsvRange[] {
  return fixes.flatMap((fixed) => affectedInLine(topic, fixed))
}

function affectedInLine(topic: string, fixed: string): readonly OsvRange[] {
  const [, epoch = '', version = ''] = /^([0-9]+:)?([^-]*)/.exec(fixed) ?? []
  const named = /([0-9]+(?:\.[0-9]+)*)$/.exec(topic)?.[1]
  const isOfTopic = named !== undefined && isLineOf(named, version)
  const line = isOfTopic ? named : /^[0-9]+(?:\.[0-9]+)?(?![0-9])/.exec(version)?.[0]
  if (line === undefined) return affectedUntil(fixed)
  return [{ type: 'ECOSYSTEM', events: [{ introduced: `${epoch}${line}` }, { fixed }] }]
}

function isLineOf(line: string, version: string): boolean {
  return version === line || version.startsWith(`${line}.`)
}
