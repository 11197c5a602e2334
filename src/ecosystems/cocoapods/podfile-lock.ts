// Purpose:  list the pods that a CocoaPods lock file promises.
// Spec:     CocoaPods, Podfile.lock: `PODS`, each `name (version)` or that with what it needs; subspecs as `name/subspec`.
// Input:    bytes of a Podfile.lock from an image; hostile.
// Deviates: subspecs are parts of one pod, with its version: the pod is listed once.
// Unknowns: a line without a version is a problem.
import { isMembers, listOf, readYaml, textOf } from '../documents.ts'
import type { Extraction, Extractor } from '../ecosystem.ts'
import { quote, startPackageList, unreadable, type PackageList } from '../package-list.ts'
import { isProjectFile } from '../project-files.ts'

export const podfileLock: Extractor = {
  id: 'cocoapods-lock',
  revision: 1,
  maxBytes: 8 * 1024 * 1024,
  wants: (path) => isProjectFile(path, ['Podfile.lock']),
  extract: extractLock,
}

function extractLock(path: string, bytes: Uint8Array): Extraction {
  const read = readYaml(bytes)
  if (read.kind === 'refused') return unreadable(path, read.reason)
  const [document] = listOf(read.value)
  if (!isMembers(document) || !Array.isArray(document['PODS'])) {
    return unreadable(path, 'has no list of PODS')
  }
  const list = startPackageList({ type: 'cocoapods', path, evidence: 'declared' })
  for (const pod of listOf(document['PODS'])) addPod(pod, list)
  return list.extraction()
}

const podLine = /^([^\s(/]+)(?:\/[^\s(]*)?(?: \((?:= )?([^()]+)\))?$/

/** A text, or an object of one text and what that pod needs. */
function addPod(pod: unknown, list: PackageList): void {
  const [first] = isMembers(pod) ? Object.entries(pod) : [[pod, []] as const]
  const text = textOf(first?.[0]) ?? ''
  const [, name, version] = podLine.exec(text) ?? []
  if (name === undefined || version === undefined) {
    list.problem(`${quote(text)} is no pod with a version`)
    return
  }
  const needed = listOf(first?.[1]).flatMap((need) => rootOf(textOf(need) ?? ''))
  list.add({ name, version, dependsOn: needed.filter((other) => other !== name) })
}

/** `Firebase/Core (~> 1)` → `Firebase`. */
function rootOf(need: string): readonly string[] {
  const name = /^[^\s(/]+/.exec(need)?.[0]
  return name === undefined ? [] : [name]
}
