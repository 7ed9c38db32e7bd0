# Put a gem in its place without building it, and without what it depends on: `ruby gemplace.rb FILE`.

require "rubygems/package"
require "fileutils"

package = Gem::Package.new(ARGV[0])
spec = package.spec
folder = File.join(Gem.dir, "gems", spec.full_name)
FileUtils.mkdir_p(folder)
package.extract_files(folder)
spec.extensions.clear
specs = File.join(Gem.dir, "specifications")
FileUtils.mkdir_p(specs)
File.write(File.join(specs, "#{spec.full_name}.gemspec"), spec.to_ruby)
bin = File.join(Gem.dir, "bin")
FileUtils.mkdir_p(bin)
spec.executables.each do |name|
  file = File.join(folder, spec.bindir, name)
  next unless File.file?(file)

  FileUtils.chmod(0o755, file)
  FileUtils.ln_sf(file, File.join(bin, name))
end
