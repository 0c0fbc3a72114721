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
  /** True where the kernel gives several tensors. */
  readonly parts?: boolean;
}

/**
 * A function that runs a kernel: what tfjs's of the same name does, without its scope and its checks, which were made when compiling. On
 * small tensors these take longer than the kernel.
 */
export function kernelFunction({ name, kernel, inputs, attrs = {}, parts = false }: KernelFunction): Code {
  const given = Object.entries(attrs).flatMap(([attr, type]) => (typeof type === 'string' ? [`${attr}: ${type}`] : []));
  const parameters = [...inputs.map((input) => `${input}: Tensor`), ...given].join(', ');
  const members = Object.entries(attrs).map(([attr, type]) => (typeof type === 'string' ? attr : `${attr}: ${type.is}`));
  const run = `engine().runKernel('${kernel}', { ${inputs.join(', ')} }${members.length > 0 ? `, { ${members.join(', ')} }` : ''})`;
  return declared(name, `function ${name}<T extends Tensor${parts ? '[]' : ''}>(${parameters}): T {\n  return ${run};\n}`, [
    'engine',
    'type Tensor',
  ]);
}

/** As `kernelFunction`, of a kernel that takes any number of tensors, given as a list. */
export function listKernelFunction(name: string, kernel: string): Code {
  const run = `engine().runKernel('${kernel}', tensors as object as NamedTensorMap, { axis })`;
  const text = `function ${name}<T extends Tensor>(tensors: readonly Tensor[], axis: number): T {\n  return ${run};\n}`;
  return declared(name, text, ['engine', 'type NamedTensorMap', 'type Tensor']);
}
