# SPDX-License-Identifier: Apache-2.0
#
# statgate.cmake: how everything is compiled, and the four words a folder needs.
#
#   statgate_library(NAME SOURCES a.c … DEPS base … SYSTEM libzstd …)
#   statgate_program(NAME SOURCES main.c … DEPS … SYSTEM …)
#   statgate_test(NAME [SOURCES …] DEPS … [SYSTEM …] [LABELS flow thread] [TIMEOUT s])
#   statgate_fuzz(NAME [SOURCES …] DEPS … [SYSTEM …])
#   statgate_check(NAME COMMAND … [LABELS …] [TIMEOUT s])     any program as a test
#
# DEPS are names of our libraries, with or without the prefix sg_; SYSTEM are
# pkg-config modules. A test links what its DEPS say and nothing else, so that a
# dependency that points upstairs does not link.
#
# Labels steer tools/test: `thread` also runs under ThreadSanitizer
# (for what does two things at once; the long run takes every flow), `flow` and
# `interop` run over real sockets, `fuzz` replays a corpus, `check` looks at the
# source text and runs once, `slow` waits for tools/test --long.

include_guard(GLOBAL)
include(CheckPIESupported)
find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
find_program(Python3_EXECUTABLE python3 REQUIRED)

if(NOT CMAKE_BUILD_TYPE)
        set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
if(STATGATE_LINKER)
        add_link_options(-fuse-ld=${STATGATE_LINKER})
endif()

set(CMAKE_C_STANDARD 17)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)
check_pie_supported(LANGUAGES C)

# No NDEBUG anywhere: an assert guards what must never be, and costs little.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")
set(CMAKE_C_FLAGS_RELEASE "-O2")
if(STATGATE_SANITIZE)
        # Functions and lines, which is what a report shows.
        set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g1")
endif()

# Everything of ours goes through this one target.
add_library(sg_flags INTERFACE)
target_include_directories(sg_flags INTERFACE ${CMAKE_SOURCE_DIR})
target_compile_definitions(sg_flags INTERFACE _GNU_SOURCE)
target_compile_options(sg_flags INTERFACE
        -Wall -Wextra -Wconversion -Wshadow -Werror
        -Wstrict-prototypes -Wmissing-prototypes -Wvla -Wformat=2
        -fno-omit-frame-pointer)

# An assert names its file from the root of the tree, wherever that was.
target_compile_options(sg_flags INTERFACE -fmacro-prefix-map=${CMAKE_SOURCE_DIR}/=)

if(STATGATE_SANITIZE STREQUAL "address" OR STATGATE_FUZZ)
        # What nobody has written holds 0xaa, not what happened to lie on the stack: none of
        # these sanitizers sees a read of it, and a pointer made of that goes nowhere.
        set(sanitizers -fsanitize=address,undefined -fno-sanitize-recover=all
                -ftrivial-auto-var-init=pattern)
elseif(STATGATE_SANITIZE STREQUAL "thread")
        set(sanitizers -fsanitize=thread)
elseif(STATGATE_SANITIZE STREQUAL "")
        set(sanitizers "")
        # Not with the sanitizers: their interceptors replace the checked functions.
        target_compile_options(sg_flags INTERFACE
                -fstack-protector-strong -fstack-clash-protection
                $<$<NOT:$<CONFIG:Debug>>:-U_FORTIFY_SOURCE>
                $<$<NOT:$<CONFIG:Debug>>:-D_FORTIFY_SOURCE=2>)
else()
        message(FATAL_ERROR "STATGATE_SANITIZE is address, thread or empty")
endif()
if(STATGATE_FUZZ)
        if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
                message(FATAL_ERROR "STATGATE_FUZZ needs clang")
        endif()
        target_compile_options(sg_flags INTERFACE -fsanitize=fuzzer-no-link)
endif()
target_compile_options(sg_flags INTERFACE ${sanitizers})
target_link_options(sg_flags INTERFACE ${sanitizers} LINKER:-z,relro LINKER:-z,now LINKER:--as-needed)

# sg_target(out name): "base" and "sg_base" both mean the target sg_base.
function(sg_target out name)
        string(REGEX REPLACE "^sg_" "" bare ${name})
        set(${out} sg_${bare} PARENT_SCOPE)
endfunction()

# sg_missing(out …): those of the named libraries that nobody has made yet.
function(sg_missing out)
        set(missing "")
        foreach(name IN LISTS ARGN)
                sg_target(target ${name})
                if(NOT TARGET ${target})
                        list(APPEND missing ${target})
                endif()
        endforeach()
        set(${out} "${missing}" PARENT_SCOPE)
endfunction()

# sg_absent(out …): those of the sources that are neither there nor to be generated.
function(sg_absent out)
        set(absent "")
        foreach(source IN LISTS ARGN)
                get_source_file_property(generated ${source} GENERATED)
                get_filename_component(path ${source} ABSOLUTE)
                file(GLOB present CONFIGURE_DEPENDS ${path})
                if(NOT present AND NOT generated)
                        list(APPEND absent ${source})
                endif()
        endforeach()
        set(${out} "${absent}" PARENT_SCOPE)
endfunction()

# sg_leave_out(name why): says so, or stops where completeness was asked for.
function(sg_leave_out name why)
        if(STATGATE_COMPLETE)
                message(FATAL_ERROR "${name} cannot be built: ${why}")
        endif()
        message(STATUS "left out for now: ${name} (${why})")
endfunction()

# sg_system(out module): a target with what pkg-config says of the module. It is asked once;
# pkg_check_modules asks ten times, and of gRPC that is most of a configuration.
function(sg_system out module)
        string(MAKE_C_IDENTIFIER "sg_system_${module}" target)
        set(${out} ${target} PARENT_SCOPE)
        if(TARGET ${target})
                return()
        endif()
        if(NOT DEFINED ${target})
                execute_process(COMMAND ${PKG_CONFIG_EXECUTABLE} --cflags --libs ${module}
                        OUTPUT_VARIABLE said OUTPUT_STRIP_TRAILING_WHITESPACE
                        COMMAND_ERROR_IS_FATAL ANY)
                set(${target} "${said}" CACHE INTERNAL "")
        endif()
        separate_arguments(flags UNIX_COMMAND "${${target}}")
        add_library(${target} INTERFACE IMPORTED GLOBAL)
        foreach(flag IN LISTS flags)
                if(flag MATCHES "^-I(.*)")
                        target_include_directories(${target} INTERFACE ${CMAKE_MATCH_1})
                elseif(flag MATCHES "^-[lL]")
                        target_link_libraries(${target} INTERFACE ${flag})
                endif()
        endforeach()
endfunction()

function(sg_link target visibility deps system)
        foreach(name IN LISTS deps)
                sg_target(dep ${name})
                target_link_libraries(${target} ${visibility} ${dep})
        endforeach()
        list(REMOVE_ITEM system "")
        foreach(module IN LISTS system)
                sg_system(dep ${module})
                target_link_libraries(${target} ${visibility} ${dep})
        endforeach()
        target_link_libraries(${target} PRIVATE Threads::Threads m)
endfunction()

function(statgate_library name)
        cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS;SYSTEM")
        sg_target(target ${name})
        sg_absent(absent ${arg_SOURCES})
        sg_missing(missing ${arg_DEPS})
        if(absent OR missing)
                sg_leave_out(${target} "without ${absent} ${missing}")
                return()
        endif()
        add_library(${target} STATIC ${arg_SOURCES})
        target_link_libraries(${target} PUBLIC sg_flags)
        sg_link(${target} PUBLIC "${arg_DEPS}" "${arg_SYSTEM}")
endfunction()

function(statgate_program name)
        cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;DEPS;SYSTEM")
        sg_absent(absent ${arg_SOURCES})
        sg_missing(missing ${arg_DEPS})
        if(absent OR missing)
                sg_leave_out(${name} "without ${absent} ${missing}")
                return()
        endif()
        add_executable(${name} ${arg_SOURCES})
        target_link_libraries(${name} PRIVATE sg_flags)
        sg_link(${name} PRIVATE "${arg_DEPS}" "${arg_SYSTEM}")
endfunction()

# What every test of ours is told, whatever it is made of. The exit code of sanitizers is that
# of tests/support/reported.h.
function(sg_test_properties name labels timeout)
        if(NOT timeout)
                set(timeout 300)
        endif()
        set(environment
                "ASAN_OPTIONS=exitcode=66:detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1"
                "UBSAN_OPTIONS=exitcode=66:print_stacktrace=1"
                "TSAN_OPTIONS=exitcode=66:halt_on_error=1:second_deadlock_stack=1:suppressions=${CMAKE_SOURCE_DIR}/tests/support/tsan.supp"
                "LSAN_OPTIONS=suppressions=${CMAKE_SOURCE_DIR}/tests/support/lsan.supp:print_suppressions=0"
                "STATGATE_BIN=${CMAKE_BINARY_DIR}/bin"
                "STATGATE_SANITIZE=${STATGATE_SANITIZE}")
        # Those that may take long begin first, so that no core waits for them at the end.
        set_tests_properties(${name} PROPERTIES
                TIMEOUT ${timeout} COST ${timeout} LABELS "${labels}" ENVIRONMENT "${environment}")
endfunction()

# sg_supported(out deps system sources …): sources of tests/support, which many tests share,
# are compiled once, seeing what the first of these tests sees.
function(sg_supported out deps system)
        set(rest "")
        foreach(source IN LISTS ARGN)
                get_filename_component(path ${source} ABSOLUTE)
                cmake_path(GET path PARENT_PATH folder)
                cmake_path(GET path STEM stem)
                if(NOT folder STREQUAL "${CMAKE_SOURCE_DIR}/tests/support")
                        list(APPEND rest ${source})
                        continue()
                endif()
                if(NOT TARGET support_${stem})
                        add_library(support_${stem} OBJECT ${path})
                        target_compile_definitions(support_${stem} PRIVATE ${sg_places})
                        target_link_libraries(support_${stem} PRIVATE sg_flags)
                        sg_link(support_${stem} PRIVATE "${deps}" "${system}")
                endif()
                list(APPEND rest $<TARGET_OBJECTS:support_${stem}>)
        endforeach()
        set(${out} "${rest}" PARENT_SCOPE)
endfunction()

# STATGATE_ROOT finds test data; STATGATE_BIN_DIR finds our programs.
set(sg_places STATGATE_ROOT="${CMAKE_SOURCE_DIR}" STATGATE_BIN_DIR="${CMAKE_BINARY_DIR}/bin")

# What is about threads, to be built alone.
add_custom_target(threads)

function(statgate_test name)
        cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;DEPS;SYSTEM;LABELS")
        if(NOT arg_SOURCES)
                set(arg_SOURCES ${name}.c)
        endif()
        sg_absent(absent ${arg_SOURCES})
        sg_missing(missing ${arg_DEPS})
        if(absent OR missing)
                sg_leave_out(${name} "without ${absent} ${missing}")
                return()
        endif()
        sg_supported(sources "${arg_DEPS}" "${arg_SYSTEM};cmocka" ${arg_SOURCES})
        add_executable(${name} ${sources})
        set_target_properties(${name} PROPERTIES
                RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
        target_compile_definitions(${name} PRIVATE ${sg_places})
        if("thread" IN_LIST arg_LABELS)
                add_dependencies(threads ${name})
        endif()
        target_link_libraries(${name} PRIVATE sg_flags)
        sg_link(${name} PRIVATE "${arg_DEPS}" "${arg_SYSTEM};cmocka")
        add_test(NAME ${name} COMMAND ${name})
        sg_test_properties(${name} "${arg_LABELS}" "${arg_TIMEOUT}")
endfunction()

# A fuzz target NAME has NAME.c with LLVMFuzzerTestOneInput, its corpus in
# corpus/NAME/ and, where it helps, a dictionary NAME.dict. Without libFuzzer it
# is linked with a small main that replays the corpus, so that every ordinary
# test run does.
function(statgate_fuzz name)
        cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "SOURCES;DEPS;SYSTEM")
        if(NOT arg_SOURCES)
                set(arg_SOURCES ${name}.c)
        endif()
        sg_absent(absent ${arg_SOURCES})
        sg_missing(missing ${arg_DEPS})
        if(absent OR missing)
                sg_leave_out(${name} "without ${absent} ${missing}")
                return()
        endif()
        set(corpus ${CMAKE_CURRENT_SOURCE_DIR}/corpus/${name})
        if(STATGATE_FUZZ)
                add_executable(${name} ${arg_SOURCES})
                target_link_options(${name} PRIVATE -fsanitize=fuzzer)
                set(replay ${name} -runs=0 ${corpus})
        else()
                sg_supported(sources "${arg_DEPS}" "${arg_SYSTEM}" ${arg_SOURCES}
                        ${CMAKE_SOURCE_DIR}/tests/support/fuzz_replay.c)
                add_executable(${name} ${sources})
                set(replay ${name} ${corpus})
        endif()
        # libFuzzer names the function; there is no header to declare it.
        target_compile_options(${name} PRIVATE -Wno-missing-prototypes)
        set_target_properties(${name} PROPERTIES
                RUNTIME_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR})
        target_link_libraries(${name} PRIVATE sg_flags)
        sg_link(${name} PRIVATE "${arg_DEPS}" "${arg_SYSTEM}")
        add_test(NAME ${name} COMMAND ${replay})
        sg_test_properties(${name} fuzz "${arg_TIMEOUT}")
endfunction()

function(statgate_check name)
        cmake_parse_arguments(PARSE_ARGV 1 arg "" "TIMEOUT" "COMMAND;LABELS")
        add_test(NAME ${name} COMMAND ${arg_COMMAND})
        sg_test_properties(${name} "${arg_LABELS}" "${arg_TIMEOUT}")
endfunction()
