import { type Code, declared } from './code.ts';

/** A function of tfjs that does little more than run one kernel, as modules declare it for themselves. */
export interface KernelFunction {
  /** What tfjs calls the function; the module's takes the same arguments. */
  readonly name: string;
  readonly kernel: string;
  /** Names of the kernel's inputs, in the order of the function's arguments. */
  readonly inputs: readonly string[];
  /** Names and types of the kernel's attributes, behind the inputs; one with an expression is no argument. */
  readonly attrs?: Readonly<Record<string, string | { readonly is: string }>>;
}

/**
 * A function that runs a kernel: what tfjs's of the same name does, without its scope and its checks, which were made when compiling. On
 * small tensors these take longer than the kernel.
 */
export function kernelFunction({ name, kernel, inputs, attrs = {} }: KernelFunction): Code {
  const given = Object.entries(attrs).flatMap(([attr, type]) => (typeof type === 'string' ? [`${attr}: ${type}`] : []));
  const parameters = [...inputs.map((input) => `${input}: Tensor`), ...given].join(', ');
  const members = Object.entries(attrs).map(([attr, type]) => (typeof type === 'string' ? attr : `${attr}: ${type.is}`));
  const run = `engine().runKernel('${kernel}', { ${inputs.join(', ')} }${members.length > 0 ? `, { ${members.join(', ')} }` : ''})`;
  return declared(name, `function ${name}<T extends Tensor>(${parameters}): T {\n  return ${run};\n}`, ['engine', 'type Tensor']);
}
