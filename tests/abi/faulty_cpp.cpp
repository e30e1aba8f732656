// faulty_cpp.cpp: the faults of faulty.h that only C++ has. Part of faulty.c's libraries.
#include "faulty.h"

#include <stdexcept>

// Not local to this file: the compiler would see that nobody but `born` has an act.
namespace faulty_ways {

struct unborn;
void call(unborn *one);
void (*volatile caller)(unborn *one) = call;

// Its constructor calls a function that nobody has defined yet.
struct unborn {
    unborn() {
        caller(this);
    }
    virtual ~unborn() {
    }
    virtual void act() = 0;
};

void call(unborn *one) {
    one->act();
}

struct born : unborn {
    void act() override {
    }
};

} // namespace faulty_ways

namespace {

volatile bool yes = true;

void fail() {
    if (yes) {
        throw std::runtime_error("a module that throws");
    }
}

void promise_not_to() noexcept {
    fail();
}

} // namespace

extern "C" void faulty_cpp(uint32_t kind);
extern "C" void faulty_cpp(uint32_t kind) {
    if (kind == FAULTY_THROW) {
        fail();
    } else if (kind == FAULTY_TERMINATE) {
        promise_not_to();
    } else {
        faulty_ways::born one;
        one.act();
    }
}
